"""Who may use the API: the dashboard's user and the API keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from .settings import Settings

_ROUNDS = 50_000


class Accounts:
    """Users and keys, and the tokens handed out since the start."""

    def __init__(self, settings: Settings, store: Path) -> None:
        self._users = _stored_users(settings, store)
        self._keys = _api_keys(settings.api_key_file)
        self._tokens: set[str] = set()

    def login(self, username: str, password: str) -> str | None:
        """A bearer token, or None for a wrong name or password."""
        stored = self._users.get(username)
        if stored is None or not hmac.compare_digest(stored["hash"], _hash(password, stored["salt"])):
            return None
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return token

    def allows(self, authorization: str) -> bool:
        """Whether an Authorization header names a token or an API key."""
        scheme, _, value = authorization.partition(" ")
        if scheme == "Bearer":
            return value in self._tokens
        if scheme == "Basic":
            try:
                key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            known = self._keys.get(key)
            return known is not None and hmac.compare_digest(known, secret)
        return False


def _stored_users(settings: Settings, store: Path) -> dict[str, dict[str, str]]:
    """As in EMQX, dashboard.default_password counts at the first start only; later the database has it."""
    if store.exists():
        users: dict[str, dict[str, str]] = json.loads(store.read_text(encoding="utf-8"))
        return users
    salt = secrets.token_hex(8)
    users = {settings.default_username: {"salt": salt, "hash": _hash(settings.default_password, salt)}}
    store.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(
        os.open(store, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(users, file)
    return users


def _api_keys(path: Path | None) -> dict[str, str]:
    """Lines `key:secret[:role]`."""
    if path is None:
        return {}
    lines = (
        line.strip().split(":") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    )
    return {parts[0]: parts[1] for parts in lines if len(parts) >= 2}


def _hash(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()
