"""A client as EMQX shows it on its command line and in its API."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

Client = dict[str, Any]

# The order and the names of EMQX's own line; ejabberd does not keep what prints as `undefined`.
_LINE = (
    ("username", "username"),
    ("peername", "peername"),
    ("clean_start", "clean_start"),
    ("keepalive", "keepalive"),
    ("session_expiry_interval", "expiry_interval"),
    ("subscriptions", "subscriptions"),
    ("inflight", "inflight"),
    ("awaiting_rel", "awaiting_rel"),
    ("delivered_msgs", "delivered_msgs"),
    ("enqueued_msgs", "mqueue_len"),
    ("dropped_msgs", "dropped_msgs"),
    ("connected", "connected"),
    ("created_at", "connected_at"),
    ("connected_at", "connected_at"),
)


def line(client: Client) -> str:
    """`Client(ID, username=..., peername=ADDRESS:PORT, ...)`, as `emqx ctl clients` prints it."""
    values = {**client, "peername": f"{client['peerhost']}:{client['peerport']}"}
    gone = (("disconnected_at", "disconnected_at"),) if "disconnected_at" in client else ()
    fields = ", ".join(f"{label}={_word(values.get(key))}" for label, key in (*_LINE, *gone))
    return f"Client({client['clientid']}, {fields})"


def api(client: Client) -> dict[str, Any]:
    """The client as GET /api/v5/clients has it, without the members that ejabberd does not keep."""
    known = (
        *("node", "clientid", "username", "keepalive", "expiry_interval", "mqueue_len", "connected"),
        *("proto_ver", "clean_start", "listener", "is_superuser"),
    )
    opened = _time(client["connected_at"])
    gone = {"disconnected_at": _time(client["disconnected_at"])} if "disconnected_at" in client else {}
    return {
        **{key: client.get(key) for key in known},
        "ip_address": client["peerhost"],
        "port": client["peerport"],
        "connected_at": opened,
        "created_at": opened,
        **gone,
        "subscriptions_cnt": client["subscriptions"],
        "inflight_cnt": client["inflight"],
        "awaiting_rel_cnt": client["awaiting_rel"],
    }


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat(timespec="milliseconds")


def _word(value: object) -> str:
    if value is None:
        return "undefined"
    return str(value).lower() if isinstance(value, bool) else str(value)
