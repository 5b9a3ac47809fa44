"""/configs: the configuration in force, and changes of it."""

from __future__ import annotations

from typing import Any

from .. import hocon
from ..configuration import ChangeRefused
from ..hocon import Object, Value
from ..hocon_text import write
from ..hocon_tokens import HoconError
from ..known import ROOT
from ..reload import HIDDEN, LoadFailed, Reloader
from ..schema import filled
from .answers import Answer, Context, Failure, Request, Route
from .redaction import redacted

#: Roots that are told as JSON.
_IN_JSON = ("dashboard", "alarm", "sys_topics", "sysmon", "log", "broker")
#: Roots that a zone can differ in.
_ZONE = ("mqtt", "force_shutdown", "force_gc", "flapping_detect", "durable_sessions")


def _get(context: Context, request: Request) -> Answer:
    whole = filled(context.configuration.config, ROOT)
    key = request.query.get("key")
    if key is not None and (key not in whole or key in HIDDEN):
        raise Failure(400, "BAD_REQUEST", f"unknown key {key}")
    shown: Object = whole if key is None else {key: whole[key]}
    accepted = request.headers.get("accept", "*/*")
    if "*/*" in accepted or "text/plain" in accepted:
        return Answer(200, write(shown), "text/plain")
    if "application/json" in accepted:
        # As in EMQX, whatever the key.
        return Answer(200, redacted({root: whole[root] for root in _IN_JSON if root in whole}))
    raise Failure(400, "INVALID_ACCEPT", "no_suitable_accept")


def _put(context: Context, request: Request) -> Answer:
    mode = request.query.get("mode", "merge")
    if mode not in ("merge", "replace"):
        raise Failure(400, "BAD_REQUEST", f"mode: expected merge | replace, got {mode}")
    try:
        given = hocon.parse(request.body.decode(), "the request")
        ignore = request.query.get("ignore_readonly") == "true"
        Reloader(context.configuration, context.broker).load(given, mode, ignore)
    except (HoconError, LoadFailed) as failure:
        return Answer(400, {"errors": str(failure)})
    return Answer(200)


def _zone(context: Context) -> Object:
    whole = filled(context.configuration.config, ROOT)
    return {key: whole[key] for key in _ZONE}


def _get_zone(context: Context, request: Request) -> Answer:
    return Answer(200, _zone(context))


def _put_zone(context: Context, request: Request) -> Answer:
    before, result, errors = _zone(context), {}, {}
    for root, value in request.object().items():
        if root not in before:
            raise Failure(400, "BAD_REQUEST", f"unknown_fields: {root}")
        if value != before[root]:
            # What is left out of a root is what EMQX has for it, not what was there.
            errors.update(_change(context, root, value))
        result[root] = context.configuration.with_defaults(root)
    if errors:
        raise Failure(400, "UPDATE_FAILED", str(errors))
    return Answer(200, result)


def _change(context: Context, root: str, value: Value) -> dict[str, Any]:
    try:
        context.configuration.commit({root: value})
    except ChangeRefused as refusal:
        return {root: str(refusal)}
    return {}


def _get_root(context: Context, request: Request) -> Answer:
    value = context.configuration.with_defaults(request.names["root"])
    if not isinstance(value, dict):
        raise Failure(404, "NOT_FOUND", "config not found")
    return Answer(200, redacted(value))


def _put_root(context: Context, request: Request) -> Answer:
    root = request.names["root"]
    if not isinstance(context.configuration.with_defaults(root), dict) or root in ("node", "cluster", "rpc"):
        raise Failure(404, "NOT_FOUND", "config not found")
    failed = _change(context, root, request.object())
    if failed:
        raise Failure(400, "UPDATE_FAILED", str(failed))
    return _get_root(context, request)


ROUTES: list[Route] = [
    ("GET", "/configs", _get),
    ("PUT", "/configs", _put),
    ("GET", "/configs/global_zone", _get_zone),
    ("PUT", "/configs/global_zone", _put_zone),
    ("GET", "/configs/{root}", _get_root),
    ("PUT", "/configs/{root}", _put_root),
]
