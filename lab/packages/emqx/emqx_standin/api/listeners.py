"""/listeners: where clients connect."""

from __future__ import annotations

from typing import Any

from .. import hocon
from ..hocon import Object
from ..known import ROOT
from ..schema import filled
from .answers import NO_CONTENT, Answer, Context, Failure, Request, Route


def _all(context: Context) -> dict[str, dict[str, Object]]:
    found: Any = filled(context.configuration.config, ROOT)["listeners"]
    return {kind: by_name for kind, by_name in found.items() if isinstance(by_name, dict)}


def _find(context: Context, name: str) -> tuple[str, str, Object]:
    kind, _, own = name.partition(":")
    value = _all(context).get(kind, {}).get(own)
    if value is None:
        raise Failure(404, "NOT_FOUND", f"Listener '{name}' does not exist")
    return kind, own, value


def _told(context: Context, kind: str, own: str, value: Object) -> Object:
    running = {entry["name"] for entry in context.broker.ask("listeners")}
    # As in EMQX, a chain of its own is told nobody.
    told = {key: setting for key, setting in value.items() if key != "authentication"}
    return {**told, "id": f"{kind}:{own}", "type": kind, "name": own, "running": f"{kind}:{own}" in running}


def _list(context: Context, request: Request) -> Answer:
    rows = [
        _told(context, kind, own, value)
        for kind, by_name in sorted(_all(context).items())
        for own, value in sorted(by_name.items())
    ]
    return Answer(200, rows)


def _show(context: Context, request: Request) -> Answer:
    return Answer(200, _told(context, *_find(context, request.names["id"])))


def _put(context: Context, request: Request) -> Answer:
    kind, own, value = _find(context, request.names["id"])
    _commit(context, kind, own, hocon.merge(value, _settings(request.object())))
    return _show(context, request)


def _create(context: Context, request: Request) -> Answer:
    kind, _, own = request.names["id"].partition(":")
    if own in _all(context).get(kind, {}):
        raise Failure(400, "BAD_LISTENER_ID", "Already exist")
    _commit(context, kind, own, _settings(request.object()))
    return _show(context, request)


def _delete(context: Context, request: Request) -> Answer:
    kind, own, _ = _find(context, request.names["id"])
    _commit(context, kind, own, None)
    return NO_CONTENT


def _commit(context: Context, kind: str, own: str, value: Object | None) -> None:
    whole: Any = _all(context)
    whole.setdefault(kind, {})[own] = value
    context.configuration.commit({"listeners": whole})


def _settings(body: dict[str, Any]) -> Object:
    return {
        key: value for key, value in body.items() if key not in ("id", "type", "name", "running", "status")
    }


ROUTES: list[Route] = [
    ("GET", "/listeners", _list),
    ("GET", "/listeners/{id}", _show),
    ("PUT", "/listeners/{id}", _put),
    ("POST", "/listeners/{id}", _create),
    ("DELETE", "/listeners/{id}", _delete),
]
