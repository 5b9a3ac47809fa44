"""EMQX's REST API on this host, with the key of this host's own programs."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

KEY = Path("/etc/emqx-haproxy/secrets/api-keys")
BASE = "http://127.0.0.1:18083/api/v5/"
ANSWER_SECONDS = 5


class ApiError(Exception):
    """EMQX refused or did not answer; never with what was sent."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What EMQX answers; `path` is relative, its parts quoted."""
    text = answer(method, path, body)
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise ApiError(0, f"{method} {path}: no JSON: {text[:80]!r}") from None


def answer(
    method: str, path: str, body: dict[str, Any] | None = None, authorization: str | None = None
) -> str:
    """The same as it is, by this host's own key, another `authorization`, or none."""
    if authorization is None:
        authorization = _credentials()
    request = urllib.request.Request(
        BASE + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            **({"Authorization": authorization} if authorization else {}),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as reply:
            return str(reply.read(), "utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        raise ApiError(refusal.code, f"{method} {path}: {refusal.code} {_reason(refusal)}") from None
    except (OSError, HTTPException) as reason:
        raise ApiError(0, f"{method} {path}: {reason!r}") from None


def quote(part: str) -> str:
    """One part of a path."""
    return urllib.parse.quote(part, safe="")


def _credentials() -> str:
    return "Basic " + base64.b64encode(KEY.read_bytes().splitlines()[0]).decode()


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read()).get("code", ""))
    except (OSError, HTTPException, ValueError, AttributeError):
        return ""
