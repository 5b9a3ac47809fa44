"""Secrets do not leave by the API: it shows stars, and takes them back for what they stand for."""

from __future__ import annotations

from ..hocon import Object, Value

_STARS = "******"
_SECRETS = {"password", "secret", "token", "default_password", "cookie"}


def redacted(value: Object) -> Object:
    """A copy with stars."""
    return {key: _redacted(key, item) for key, item in value.items()}


def _redacted(key: str, value: Value) -> Value:
    if isinstance(value, dict):
        return redacted(value)
    if isinstance(value, list):
        return [redacted(item) if isinstance(item, dict) else item for item in value]
    return _STARS if key in _SECRETS and value not in (None, "") and "${" not in str(value) else value


def restored(value: Object, former: Object) -> Object:
    """A copy in which stars are what `former` has there."""
    result: Object = {}
    for key, item in value.items():
        before = former.get(key)
        if isinstance(item, dict):
            result[key] = restored(item, before if isinstance(before, dict) else {})
        else:
            result[key] = before if item == _STARS and key in _SECRETS else item
    return result
