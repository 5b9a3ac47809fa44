"""/authentication: authenticators, and users of the built-in database."""

from __future__ import annotations

from tempfile import NamedTemporaryFile
from typing import Any

from .. import layout
from ..authenticators import authenticator_id
from ..control import Refused
from ..hocon import Object, Value
from ..known import ROOT
from ..known.authentication import AUTHENTICATION
from ..schema import as_list, check, filled
from ..setting_types import Struct
from .answers import NO_CONTENT, Answer, Context, Failure, Handler, Request, Route, paged
from .redaction import redacted, restored

_SCHEMA = Struct({"authentication": AUTHENTICATION})


class _Chain:
    """The brokers' own chain; since 5.1 EMQX tells nobody of a listener's."""

    name = "global"

    def __init__(self, context: Context) -> None:
        self._context = context
        value = filled(context.configuration.config, ROOT).get("authentication")
        self.authenticators = [item for item in as_list(value) if isinstance(item, dict)]

    def find(self, name: str) -> Object:
        for item in self.authenticators:
            if authenticator_id(item) == name:
                return item
        raise Failure(404, "NOT_FOUND", f"Authenticator '{name}' does not exist")

    def put(self, authenticators: list[Object], renewed: str | None = None) -> None:
        chain: list[Value] = list(authenticators)
        problems = check({"authentication": chain}, _SCHEMA)
        if problems:
            raise Failure(400, "BAD_REQUEST", "\n".join(map(str, problems)))
        self._context.configuration.commit(
            {"authentication": chain}, renewed=renewed and f"mqtt:global/{renewed}"
        )


def _told(authenticator: Object) -> Object:
    return {**redacted(authenticator), "id": authenticator_id(authenticator)}


def _list(context: Context, request: Request) -> Answer:
    return Answer(200, [_told(item) for item in _Chain(context).authenticators])


def _create(context: Context, request: Request) -> Answer:
    chain, body = _Chain(context), request.object()
    if any(authenticator_id(item) == authenticator_id(body) for item in chain.authenticators):
        raise Failure(409, "ALREADY_EXISTS", f"Authenticator '{authenticator_id(body)}' already exist")
    chain.put([*chain.authenticators, body])
    return Answer(200, _told(_Chain(context).find(authenticator_id(body))))


def _show(context: Context, request: Request) -> Answer:
    return Answer(200, _told(_Chain(context).find(request.names["id"])))


def _update(context: Context, request: Request) -> Answer:
    chain, name = _Chain(context), request.names["id"]
    former = chain.find(name)
    body = restored({key: value for key, value in request.object().items() if key != "id"}, former)
    if authenticator_id(body) != name:
        raise Failure(400, "BAD_REQUEST", "Change of authentication type is not allowed")
    chain.put([body if item is former else item for item in chain.authenticators], renewed=name)
    return NO_CONTENT


def _delete(context: Context, request: Request) -> Answer:
    chain = _Chain(context)
    chain.put([item for item in chain.authenticators if authenticator_id(item) != request.names["id"]])
    return NO_CONTENT


def _status(context: Context, request: Request) -> Answer:
    _Chain(context).find(request.names["id"])
    nodes = context.broker.ask("cluster")["running"]
    return Answer(
        200, {"status": "connected", "node_status": [{"node": node, "status": "connected"} for node in nodes]}
    )


def _move(context: Context, request: Request) -> Answer:
    chain = _Chain(context)
    moved = chain.find(request.names["id"])
    others = [item for item in chain.authenticators if item is not moved]
    where, _, related = request.names["position"].partition(":")
    if where == "front":
        at = 0
    elif where == "rear":
        at = len(others)
    elif where in ("before", "after") and related:
        at = others.index(chain.find(related)) + (where == "after")
    else:
        raise Failure(400, "BAD_REQUEST", "Invalid value for 'position'")
    chain.put([*others[:at], moved, *others[at:]])
    return NO_CONTENT


def _order(context: Context, request: Request) -> Answer:
    chain, wanted = _Chain(context), [str(item.get("id")) for item in request.json()]
    if sorted(wanted) != sorted(authenticator_id(item) for item in chain.authenticators):
        raise Failure(
            400, "BAD_REQUEST", "No positions are specified for authenticators, or some are not found"
        )
    chain.put([chain.find(name) for name in wanted])
    return NO_CONTENT


# Users


def _users(context: Context, request: Request, command: str, *arguments: str) -> Any:
    chain, name = _Chain(context), request.names["id"]
    if not chain.authenticators:
        raise Failure(404, "NOT_FOUND", f"Authenticator not found in the '{chain.name}' scope")
    if chain.find(name).get("backend") != "built_in_database" or name.startswith("scram"):
        raise Failure(400, "BAD_REQUEST", "Operation not supported in this authentication type")
    try:
        return context.broker.ask("users", command, chain.name, name, *arguments)
    except Refused as refusal:
        match str(refusal):
            case "not_found":
                raise Failure(404, "NOT_FOUND", "User not found") from refusal
            case "already_exist":
                raise Failure(409, "ALREADY_EXISTS", "User already exists") from refusal
            case reason:
                raise Failure(400, "BAD_REQUEST", f"User error: {reason}") from refusal


def _list_users(context: Context, request: Request) -> Answer:
    users = _users(context, request, "list")
    like, superuser = request.query.get("like_user_id"), request.query.get("is_superuser")
    rows = [user for user in users if like is None or like in user["user_id"]]
    rows = [user for user in rows if superuser is None or user["is_superuser"] is (superuser == "true")]
    return paged(request, rows)


def _add_user(context: Context, request: Request) -> Answer:
    body = request.object()
    for name in ("user_id", "password"):
        if name not in body:
            raise Failure(400, "BAD_REQUEST", f"Missing required parameter: {name}")
    flag = "true" if body.get("is_superuser") in (True, "true") else "false"
    made = _users(context, request, "add", str(body["user_id"]), str(body["password"]), flag)
    return Answer(201, made["ok"])


def _show_user(context: Context, request: Request) -> Answer:
    return Answer(200, _users(context, request, "find", request.names["user"])["ok"])


def _update_user(context: Context, request: Request) -> Answer:
    body = request.object()
    if "password" not in body and "is_superuser" not in body:
        raise Failure(400, "BAD_REQUEST", "Missing required parameter: password")
    flag = str(body["is_superuser"]).lower() if "is_superuser" in body else "-"
    password = [str(body["password"])] if "password" in body else []
    return Answer(200, _users(context, request, "change", request.names["user"], flag, *password)["ok"])


def _delete_user(context: Context, request: Request) -> Answer:
    _users(context, request, "remove", request.names["user"])
    return NO_CONTENT


def _import(context: Context, request: Request) -> Answer:
    kind = request.query.get("type", "hash")
    if request.headers.get("content-type", "").startswith("application/json"):
        name, content = "users.json", request.body.decode()
    else:
        name, content = request.file("filename")
    with NamedTemporaryFile("w", dir=layout.STATE, encoding="utf-8") as file:
        file.write(content)
        file.flush()
        return Answer(200, _users(context, request, "import", kind, name, file.name)["ok"])


_OF_THE_CHAIN: list[tuple[str, str, Handler]] = [
    ("GET", "", _list),
    ("POST", "", _create),
    ("PUT", "/order", _order),
    ("GET", "/{id}", _show),
    ("PUT", "/{id}", _update),
    ("DELETE", "/{id}", _delete),
    ("GET", "/{id}/status", _status),
    ("PUT", "/{id}/position/{position}", _move),
    ("GET", "/{id}/users", _list_users),
    ("POST", "/{id}/users", _add_user),
    ("POST", "/{id}/import_users", _import),
    ("GET", "/{id}/users/{user}", _show_user),
    ("PUT", "/{id}/users/{user}", _update_user),
    ("DELETE", "/{id}/users/{user}", _delete_user),
]

ROUTES: list[Route] = [(method, f"/authentication{path}", handler) for method, path, handler in _OF_THE_CHAIN]
