"""Authenticators of a checked configuration."""

from __future__ import annotations

from collections.abc import Mapping

from .hocon import Object, Value
from .layers import interpolated
from .setting_types import duration_ms, is_true

Json = dict[str, object]


def authenticator_id(value: Object) -> str:
    """MECHANISM or MECHANISM:BACKEND, by which the API knows an authenticator."""
    backend = value.get("backend")
    return str(value.get("mechanism")) if backend is None else f"{value.get('mechanism')}:{backend}"


def chain(value: Value, group: str, renewed: Mapping[str, int]) -> list[Json]:
    """As Erlang reads those of a group; `renewed` counts by group and id how often one was made anew."""
    items = value if isinstance(value, list) else []
    found = [_authenticator(item, group) for item in items if isinstance(item, dict)]
    return [{**one, "renewed": renewed.get(f"{group}/{one['id']}", 0)} for one in found]


def _authenticator(value: Object, group: str) -> Json:
    result = {key: item for key, item in value.items() if key not in ("ssl", "password")}
    for key in ("enable", "use_jwks", "secret_base64_encoded", "disconnect_after_expire"):
        if key in value:
            result[key] = is_true(value[key])
    for key in ("bootstrap_file", "public_key"):
        if key in value:
            result[key] = interpolated(value[key])
    headers = value.get("headers")
    if isinstance(headers, dict):
        keep = isinstance(value.get("use_jwks"), bool) and value["use_jwks"] is True
        result["headers"] = {key if keep else key.lower(): str(item) for key, item in headers.items()}
    if value.get("backend") == "http":
        result["request_timeout_ms"] = duration_ms(value.get("request_timeout"))
        result["connect_timeout_ms"] = duration_ms(value.get("connect_timeout"))
    claims = value.get("verify_claims")
    if isinstance(claims, dict):
        result["verify_claims"] = {key: str(item) for key, item in claims.items()}
    return {**result, "id": authenticator_id(value), "group": group}
