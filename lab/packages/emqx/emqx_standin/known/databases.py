"""Databases that EMQX asks for users and rules. The stand-in asks none: it judges their settings."""

from __future__ import annotations

from ..hocon import Object
from ..setting_types import (
    ANYTHING,
    BOOLEAN,
    DURATION,
    NOT_EMPTY,
    OBJECT,
    STRING,
    Choice,
    Struct,
    Type,
    constant,
    enum,
    integer,
)
from .tls import CLIENT

TLS = CLIENT

_POOL: dict[str, Type] = {"pool_size": integer(1).by(8), "ssl": TLS}
_LOGIN: dict[str, Type] = {"username": STRING, "password": STRING}

POSTGRESQL: dict[str, Type] = {
    **_POOL,
    **_LOGIN,
    "backend": constant("postgresql"),
    "server": NOT_EMPTY.needed(),
    "database": NOT_EMPTY.needed(),
    "auto_reconnect": BOOLEAN,
    "disable_prepared_statements": BOOLEAN.by(False),
}

MYSQL: dict[str, Type] = {
    **_POOL,
    **_LOGIN,
    "backend": constant("mysql"),
    "server": NOT_EMPTY.needed(),
    "database": NOT_EMPTY.needed(),
    "username": STRING.by("root"),
    "auto_reconnect": BOOLEAN,
}

LDAP: dict[str, Type] = {
    **_POOL,
    "backend": constant("ldap"),
    "server": NOT_EMPTY.needed(),
    "username": NOT_EMPTY.needed(),
    "password": STRING,
    "base_dn": NOT_EMPTY.needed(),
    "filter": STRING.by("(objectClass=mqttUser)"),
    "query_timeout": DURATION.by("5s"),
    "request_timeout": DURATION.by("10s"),
}

_LDAP_BIND = Struct({"type": enum("bind").by("bind"), "bind_password": STRING.by("${password}")})
_LDAP_HASH = Struct(
    {
        "type": enum("hash").by("hash"),
        "password_attribute": STRING.by("userPassword"),
        "is_superuser_attribute": STRING.by("isSuperuser"),
    }
)


def _ldap_method(value: Object) -> Struct | str:
    match value.get("type"):
        case "bind":
            return _LDAP_BIND
        case "hash" | None:
            return _LDAP_HASH
        case kind:
            return f"method.type: expected hash | bind, got {kind}"


LDAP_METHODS = Choice(_ldap_method)


def redis(value: Object) -> dict[str, Type] | str:
    """The settings of a single Redis, a cluster, or one behind sentinels."""
    kind = value.get("redis_type", "single")
    common: dict[str, Type] = {
        **_POOL,
        **_LOGIN,
        "backend": constant("redis"),
        "redis_type": enum(str(kind)).by(kind),
        "auto_reconnect": BOOLEAN,
    }
    database: dict[str, Type] = {"database": integer(0).by(0)}
    match kind:
        case "single":
            return {**common, **database, "server": NOT_EMPTY.needed()}
        case "sentinel":
            return {**common, **database, "servers": NOT_EMPTY.needed(), "sentinel": NOT_EMPTY.needed()}
        case "cluster":
            return {**common, "servers": NOT_EMPTY.needed()}
        case _:
            return f"redis_type: expected single | cluster | sentinel, got {kind}"


def mongodb(value: Object) -> dict[str, Type] | str:
    """The settings of a single MongoDB, a replica set, or a sharded one."""
    kind = value.get("mongo_type", "single")
    common: dict[str, Type] = {
        **_POOL,
        **_LOGIN,
        "backend": constant("mongodb"),
        "mongo_type": enum(str(kind)).by(kind),
        "collection": NOT_EMPTY.needed(),
        "database": NOT_EMPTY.needed(),
        "filter": OBJECT.by({}),
        "w_mode": enum("unsafe", "safe").by("unsafe"),
        "srv_record": BOOLEAN.by(False),
        "use_legacy_protocol": ANYTHING,
        "auth_source": STRING,
        "topology": ANYTHING,
    }
    match kind:
        case "single":
            return {**common, "server": NOT_EMPTY.needed()}
        case "rs":
            reading = enum("master", "slave_ok").by("master")
            return {
                **common,
                "servers": NOT_EMPTY.needed(),
                "r_mode": reading,
                "replica_set_name": NOT_EMPTY.needed(),
            }
        case "sharded":
            return {**common, "servers": NOT_EMPTY.needed()}
        case _:
            return f"mongo_type: expected single | rs | sharded, got {kind}"
