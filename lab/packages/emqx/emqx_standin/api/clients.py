"""/clients: who is here."""

from __future__ import annotations

from typing import Any

from ..client_view import api as client_view
from .answers import NO_CONTENT, Answer, Context, Failure, Request, Route, paged


def _found(context: Context, wanted: dict[str, str]) -> list[dict[str, Any]]:
    return [
        client
        for client in map(client_view, context.broker.ask("clients", "cluster"))
        if all(str(client[key]) == value for key, value in wanted.items())
    ]


def _list(context: Context, request: Request) -> Answer:
    exact = ("node", "clientid", "username", "conn_state")
    wanted = {key: value for key, value in request.query.items() if key in exact}
    state = wanted.pop("conn_state", None)
    rows = _found(context, wanted)
    if state is not None:
        rows = [row for row in rows if row["connected"] is (state == "connected")]
    fields = request.query.get("fields", "all").split(",")
    if fields != ["all"]:
        rows = [{key: value for key, value in row.items() if key in fields} for row in rows]
    return paged(request, rows)


def _one(context: Context, request: Request) -> Answer:
    found = context.broker.ask("clients", "cluster", request.names["id"])
    if not found:
        raise Failure(404, "CLIENTID_NOT_FOUND", "Client ID not found")
    return Answer(200, client_view(found[0]))


def _kick(context: Context, request: Request) -> Answer:
    if context.broker.ask("kick", request.names["id"])["kicked"] == 0:
        raise Failure(404, "CLIENTID_NOT_FOUND", "Client ID not found")
    return NO_CONTENT


ROUTES: list[Route] = [
    ("GET", "/clients", _list),
    ("GET", "/clients/{id}", _one),
    ("DELETE", "/clients/{id}", _kick),
]
