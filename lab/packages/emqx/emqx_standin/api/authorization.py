"""/authorization: where rules come from, and what holds where none fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..hocon import Object, Value
from ..layers import interpolated
from ..schema import as_list
from .answers import NO_CONTENT, Answer, Context, Failure, Request, Route
from .redaction import redacted, restored

#: Where EMQX keeps rules that come by the API, in the data folder.
_RULES = "authz/acl.conf"


def _root(context: Context) -> Object:
    value = context.configuration.with_defaults("authorization")
    assert isinstance(value, dict)
    return value


def _sources(context: Context) -> list[Object]:
    return [item for item in as_list(_root(context)["sources"]) if isinstance(item, dict)]


def _source(context: Context, kind: str) -> Object:
    for source in _sources(context):
        if source["type"] == kind:
            return source
    raise Failure(404, "NOT_FOUND", f"Not found: {kind}")


def _told(source: Object) -> Object:
    if source["type"] != "file":
        return redacted(source)
    path = Path(str(interpolated(source["path"])))
    return {"type": "file", "enable": source["enable"], "rules": path.read_text(encoding="utf-8")}


def _put(context: Context, sources: list[Object], files: dict[str, str] | None = None) -> None:
    kinds = [str(source.get("type")) for source in sources]
    if len(set(kinds)) < len(kinds):
        raise Failure(400, "BAD_REQUEST", f"duplicated_authz_source_type: {', '.join(kinds)}")
    value: Value = {**_root(context), "sources": list(sources)}
    context.configuration.commit({"authorization": value}, files)


def _written(context: Context, body: Object) -> tuple[Object, dict[str, str]]:
    """A source of rules is kept as a file of them."""
    if body.get("type") != "file" or "rules" not in body:
        return body, {}
    path = context.configuration.settings.data_folder / _RULES
    kept: Object = {"type": "file", "enable": body.get("enable", True), "path": str(path)}
    return kept, {_RULES: str(body["rules"])}


def _list(context: Context, request: Request) -> Answer:
    return Answer(200, {"sources": [_told(source) for source in _sources(context)]})


def _create(context: Context, request: Request) -> Answer:
    source, files = _written(context, request.object())
    _put(context, [source, *_sources(context)], files)
    return NO_CONTENT


def _show(context: Context, request: Request) -> Answer:
    return Answer(200, _told(_source(context, request.names["type"])))


def _update(context: Context, request: Request) -> Answer:
    kind, body = request.names["type"], request.object()
    former = _source(context, kind)
    if body.get("type") != kind:
        raise Failure(400, "BAD_REQUEST", "Type mismatch")
    source, files = _written(context, restored(body, former))
    _put(context, [source if one["type"] == kind else one for one in _sources(context)], files)
    return NO_CONTENT


def _delete(context: Context, request: Request) -> Answer:
    _source(context, request.names["type"])
    _put(context, [one for one in _sources(context) if one["type"] != request.names["type"]])
    return NO_CONTENT


def _order(context: Context, request: Request) -> Answer:
    wanted = [str(item.get("type")) for item in request.json()]
    if sorted(wanted) != sorted(str(source["type"]) for source in _sources(context)):
        raise Failure(
            400, "BAD_REQUEST", "No positions are specified for authorization sources, or some are not found"
        )
    _put(context, [_source(context, kind) for kind in wanted])
    return NO_CONTENT


def _settings(context: Context, request: Request) -> Answer:
    return Answer(200, {key: value for key, value in _root(context).items() if key != "sources"})


def _change_settings(context: Context, request: Request) -> Answer:
    body = request.object()
    known: dict[str, Any] = {key: body[key] for key in ("no_match", "deny_action", "cache") if key in body}
    context.configuration.commit({"authorization": {**_root(context), **known}})
    return _settings(context, request)


ROUTES: list[Route] = [
    ("GET", "/authorization/settings", _settings),
    ("PUT", "/authorization/settings", _change_settings),
    ("GET", "/authorization/sources", _list),
    ("POST", "/authorization/sources", _create),
    ("PUT", "/authorization/sources/order", _order),
    ("GET", "/authorization/sources/{type}", _show),
    ("PUT", "/authorization/sources/{type}", _update),
    ("DELETE", "/authorization/sources/{type}", _delete),
]
