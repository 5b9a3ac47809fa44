"""`authorization`: where the rules of who may do what come from, and what holds where none fits."""

from __future__ import annotations

from collections.abc import Mapping

from ..hocon import Object
from ..setting_types import (
    BOOLEAN,
    DURATION,
    NOT_EMPTY,
    OBJECT,
    STRING,
    Choice,
    ListOf,
    Struct,
    Type,
    array,
    constant,
    enum,
    integer,
)
from . import databases
from .http import asked_by, request_fields

_FILE = Struct({"type": constant("file"), "enable": BOOLEAN.by(True), "path": NOT_EMPTY.needed()})


def _source(kind: str, fields: Mapping[str, Type], **more: Type) -> Struct:
    own = {key: value for key, value in fields.items() if key != "backend"}
    return Struct({**own, **more, "type": constant(kind), "enable": BOOLEAN.by(True)})


def _choose(value: Object) -> Struct | str:
    match value.get("type"):
        case "file":
            return _FILE
        case "built_in_database":
            return _source("built_in_database", {"max_rules": integer(1).by(100)})
        case "http":
            method = str(value.get("method"))
            if method not in ("get", "post"):
                return "unknown_http_method: expected get | post"
            fields: dict[str, Type] = {**request_fields(method), "request_timeout": DURATION.by("30s")}
            own: dict[str, Type] = {"type": constant("http"), "enable": BOOLEAN.by(True)}
            return Struct({**fields, **own}, rule=asked_by(method))
        case "postgresql":
            return _source(
                "postgresql", databases.POSTGRESQL, query=NOT_EMPTY.needed(), prepare_statement=OBJECT
            )
        case "mysql":
            return _source("mysql", databases.MYSQL, query=NOT_EMPTY.needed(), prepare_statement=OBJECT)
        case "redis":
            redis = databases.redis(value)
            return redis if isinstance(redis, str) else _source("redis", redis, cmd=NOT_EMPTY.needed())
        case "mongodb":
            mongodb = databases.mongodb(value)
            limits: dict[str, Type] = {"limit": integer(1).by(1000), "skip": integer(0).by(0)}
            return mongodb if isinstance(mongodb, str) else _source("mongodb", {**mongodb, **limits})
        case "ldap":
            return _source(
                "ldap",
                databases.LDAP,
                publish_attribute=STRING.by("mqttPublishTopic"),
                subscribe_attribute=STRING.by("mqttSubscriptionTopic"),
                all_attribute=STRING.by("mqttPubSubTopic"),
            )
        case None:
            return "missing_type_field"
        case kind:
            return f"unknown_authz_type: {kind}"


AUTHORIZATION = Struct(
    {
        "no_match": enum("allow", "deny").by("allow"),
        "deny_action": enum("ignore", "disconnect").by("ignore"),
        "cache": Struct(
            {
                "enable": BOOLEAN.by(True),
                "max_size": integer(1, 1_048_576).by(32),
                "ttl": DURATION.by("1m"),
                "excludes": array(STRING).by([]),
            }
        ),
        "sources": ListOf(
            Choice(_choose), [{"type": "file", "enable": True, "path": "${EMQX_ETC_DIR}/acl.conf"}]
        ),
    }
)
