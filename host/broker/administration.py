"""Who administers EMQX: its dashboard's password, and keys of its API that the arguments name no more."""

import json
import secrets
from pathlib import Path
from typing import Any

from broker import emqx_api, hocon
from broker.emqx_api import ApiError, answer, quote
from broker.emqx_ctl import emqx_ctl
from broker.users import read_names, write_names

PASSWORDS = Path("/etc/emqx-haproxy/secrets/access.hocon")
# Which keys are ours, on the data volume: a host that was replaced still knows which to remove.
OURS = Path("/var/lib/emqx/.emqx-haproxy-keys")
ADMIN = "admin"


def administer() -> None:
    """Makes it so and reads it back; raises ApiError where it is not. EMQX has read the file of keys."""
    token = _login(_password()) or _login_after_change(_password())
    try:
        _remove_keys(token)
    finally:
        answer("POST", "logout", {"username": ADMIN}, token)


def _password() -> str:
    return str(hocon.parse(PASSWORDS.read_text())["dashboard"]["default_password"])


def _login(password: str) -> str:
    """A token as a header has it; empty for a wrong password."""
    try:
        told: dict[str, Any] = json.loads(
            answer("POST", "login", {"username": ADMIN, "password": password}, "")
        )
    except ApiError as refusal:
        if refusal.status == 401:
            return ""
        raise
    return f"Bearer {told['token']}"


def _login_after_change(password: str) -> str:
    """
    EMQX's command needs no former password, but other users of the host see its words: it sets one that is
    changed at once. What the command says tells nothing; whether one can log in does.
    """
    once = f"{secrets.token_hex(16)}-Z"
    emqx_ctl("admins", "passwd", ADMIN, once)
    token = _login(once)
    if not token:
        # Somebody removed it.
        emqx_ctl("admins", "add", ADMIN, once)
        token = _login(once)
    if not token:
        raise ApiError(0, f"the dashboard's user {ADMIN} cannot be given a password")
    answer("POST", f"users/{ADMIN}/change_pwd", {"old_pwd": once, "new_pwd": password}, token)
    print(f"changed the password of the dashboard's user {ADMIN}", flush=True)
    token = _login(password)
    if not token:
        raise ApiError(0, f"the dashboard's user {ADMIN} has another password after it was changed")
    return token


def _remove_keys(token: str) -> None:
    desired = {line.partition(":")[0] for line in emqx_api.KEY.read_text().split()}
    ours = read_names(OURS)
    # Before any is removed: a run that is cut short leaves none that nobody remembers.
    write_names(OURS, ours | desired)
    gone = ours - desired
    for name, key in _keys(token).items():
        if key in gone:
            answer("DELETE", f"api_key/{quote(name)}", None, token)
            print(f"removed the API key {key}", flush=True)
    found = set(_keys(token).values())
    if missing := desired - found:
        raise ApiError(0, f"EMQX has not taken the API keys {', '.join(sorted(missing))}")
    if left := gone & found:
        raise ApiError(0, f"the API keys {', '.join(sorted(left))} are there after they were removed")
    write_names(OURS, desired)


def _keys(token: str) -> dict[str, str]:
    """By EMQX's own name for it, what clients give as the key."""
    listed: list[dict[str, Any]] = json.loads(answer("GET", "api_key", None, token))
    return {each["name"]: each["api_key"] for each in listed}
