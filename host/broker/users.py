"""Makes the users of EMQX's built-in database those of users.json; others that were made there stay."""

import json
from pathlib import Path
from typing import Any

from broker import on_volume
from broker.emqx_api import ApiError, call, quote

DESIRED = Path("/etc/emqx-haproxy/secrets/users.json")
# Which users are ours, on the data volume: a host that was replaced still knows whom to remove.
OURS = Path("/var/lib/emqx/.emqx-haproxy-users")
USERS = f"authentication/{quote('password_based:built_in_database')}/users"


def tell_users() -> None:
    """Tells EMQX all of them, and reads them back; raises ApiError when they are not so."""
    settings: dict[str, Any] = json.loads(DESIRED.read_text())
    desired: dict[str, dict[str, Any]] = {user["user_id"]: user for user in settings["users"]}
    ours = read_names(OURS)
    # Before any is made: a run that is cut short leaves none that nobody remembers.
    write_names(OURS, ours | desired.keys())
    for name, user in desired.items():
        _tell(name, user)
    gone = ours - desired.keys()
    for name in sorted(gone):
        _remove(name, settings["userIdType"])
    _read_back(desired, gone)
    write_names(OURS, set(desired))


def _tell(name: str, user: dict[str, Any]) -> None:
    facts = {key: user[key] for key in ("password", "is_superuser")}
    try:
        call("PUT", f"{USERS}/{quote(name)}", facts)
    except ApiError as refusal:
        if refusal.status != 404:
            raise
        call("POST", USERS, user)
        print(f"made the user {name}", flush=True)


def _remove(name: str, user_id_type: str) -> None:
    try:
        call("DELETE", f"{USERS}/{quote(name)}")
        print(f"removed the user {name}", flush=True)
    except ApiError as refusal:
        if refusal.status != 404:
            raise
    # EMQX asks at a CONNECT only: who is connected would stay.
    for client in _clients(name, user_id_type):
        try:
            call("DELETE", f"clients/{quote(client)}")
        except ApiError as refusal:
            if refusal.status != 404:
                raise


def _clients(name: str, user_id_type: str) -> list[str]:
    if user_id_type == "clientid":
        return [name]
    found = call("GET", f"clients?limit=10000&fields=clientid&username={quote(name)}")["data"]
    return [client["clientid"] for client in found]


def _read_back(desired: dict[str, dict[str, Any]], gone: set[str]) -> None:
    for name, user in desired.items():
        found = call("GET", f"{USERS}/{quote(name)}")
        if found["is_superuser"] is not user["is_superuser"]:
            raise ApiError(0, f"the user {name} has is_superuser {found['is_superuser']} after it was told")
    for name in sorted(gone):
        try:
            call("GET", f"{USERS}/{quote(name)}")
        except ApiError as refusal:
            if refusal.status == 404:
                continue
            raise
        raise ApiError(0, f"the user {name} is there after it was removed")


def read_names(file: Path) -> set[str]:
    """Names that this host's programs keep on the data volume."""
    return {line for line in on_volume.read(file).splitlines() if line}


def write_names(file: Path, names: set[str]) -> None:
    """Keeps them."""
    on_volume.keep(file, "".join(f"{name}\n" for name in sorted(names)))
