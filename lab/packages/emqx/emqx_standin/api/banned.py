"""/banned: who is kept out."""

from __future__ import annotations

import ipaddress
import re
import time
from datetime import datetime, timezone
from typing import Any

from ..control import Refused
from .answers import NO_CONTENT, Answer, Context, Failure, Request, Route, paged

_KINDS = ("clientid", "username", "peerhost", "clientid_re", "username_re", "peerhost_net")


def _list(context: Context, request: Request) -> Answer:
    wanted = [(kind, request.query[kind]) for kind in _KINDS[:3] if kind in request.query]
    bans = context.broker.ask("banned", "list")
    found = [ban for ban in bans if all((ban["as"], ban["who"]) == one for one in wanted)]
    return paged(request, [_told(ban) for ban in found])


def _add(context: Context, request: Request) -> Answer:
    body = request.object()
    kind, who = str(body.get("as")), str(body.get("who", ""))
    _check(kind, who)
    now = int(time.time())
    until = body.get("until", "infinity")
    ban: dict[str, Any] = {
        "as": kind,
        "who": who,
        "by": str(body.get("by", "mgmt_api")),
        "reason": str(body.get("reason", "")),
        "at": _seconds(body.get("at", now)),
        "until": until if until == "infinity" else _seconds(until),
    }
    if until != "infinity" and ban["until"] <= now:
        raise Failure(400, "BAD_REQUEST", f"Cannot create expired banned, {ban['at']} to {ban['until']}")
    try:
        context.broker.ask("banned", "add", *(str(value) for value in ban.values()))
    except Refused as refusal:
        raise Failure(400, "ALREADY_EXISTS", str(refusal)) from refusal
    return Answer(200, _told(ban))


def _remove(context: Context, request: Request) -> Answer:
    kind, who = request.names["as"], request.names["who"]
    try:
        context.broker.ask("banned", "remove", kind, who)
    except Refused as refusal:
        raise Failure(404, "NOT_FOUND", f"{kind}: {who} not found") from refusal
    return NO_CONTENT


def _clear(context: Context, request: Request) -> Answer:
    context.broker.ask("banned", "clear")
    return NO_CONTENT


def _check(kind: str, who: str) -> None:
    if kind not in _KINDS:
        raise Failure(400, "BAD_REQUEST", f"as: expected one of {', '.join(_KINDS)}")
    try:
        if kind == "peerhost":
            ipaddress.ip_address(who)
        elif kind == "peerhost_net":
            ipaddress.ip_network(who, strict=False)
        elif kind.endswith("_re"):
            re.compile(who)
    except (ValueError, re.error) as error:
        raise Failure(400, "BAD_REQUEST", str(error)) from error


def _seconds(moment: object) -> int:
    if isinstance(moment, int):
        return moment
    return int(datetime.fromisoformat(str(moment).replace("Z", "+00:00")).timestamp())


def _told(ban: dict[str, Any]) -> dict[str, Any]:
    return {**ban, "at": _moment(ban["at"]), "until": _moment(ban["until"])}


def _moment(seconds: int | str) -> str:
    return seconds if isinstance(seconds, str) else datetime.fromtimestamp(seconds, timezone.utc).isoformat()


ROUTES: list[Route] = [
    ("GET", "/banned", _list),
    ("POST", "/banned", _add),
    ("DELETE", "/banned", _clear),
    ("DELETE", "/banned/{as}/{who}", _remove),
]
