"""`authentication`: the chain of authenticators, of the broker and of a listener."""

from __future__ import annotations

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
    constant,
    enum,
    integer,
)
from . import databases
from .http import asked_by, request_fields

_SALT = enum("disable", "prefix", "suffix")
_SIMPLE = Struct(
    {"name": enum("plain", "md5", "sha", "sha256", "sha512").needed(), "salt_position": _SALT.by("prefix")}
)
_PBKDF2 = Struct(
    {
        "name": constant("pbkdf2"),
        "mac_fun": enum("md4", "md5", "ripemd160", "sha", "sha224", "sha256", "sha384", "sha512").needed(),
        "iterations": integer(1).needed(),
        "dk_length": integer(1),
    }
)
_SHA256: Object = {"name": "sha256", "salt_position": "prefix"}


def _hashes(bcrypt: Struct) -> Choice:
    def choose(value: Object) -> Struct | str:
        match value.get("name"):
            case None:
                return "algorithm_name_missing"
            case "bcrypt":
                return bcrypt
            case "pbkdf2":
                return _PBKDF2
            case _:
                return _SIMPLE

    return Choice(choose, _SHA256)


_HASH_MADE_HERE = _hashes(Struct({"name": constant("bcrypt"), "salt_rounds": integer(5, 10).by(10)}))
_HASH_MADE_ELSEWHERE = _hashes(Struct({"name": constant("bcrypt")}))

_PASSWORD: dict[str, Type] = {"mechanism": constant("password_based"), "enable": BOOLEAN.by(True)}

_USERS = Struct(
    {
        **_PASSWORD,
        "backend": constant("built_in_database"),
        "password_hash_algorithm": _HASH_MADE_HERE,
        "user_id_type": enum("clientid", "username").by("username"),
        "bootstrap_file": STRING.by("${EMQX_ETC_DIR}/auth-built-in-db-bootstrap.csv"),
        "bootstrap_type": enum("hash", "plain").by("plain"),
    }
)

_HTTP = {
    method: Struct(
        {
            **_PASSWORD,
            "backend": constant("http"),
            **request_fields(method),
            "request_timeout": DURATION.by("5s"),
        },
        rule=asked_by(method),
    )
    for method in ("get", "post")
}


def _claims_problem(value: Object) -> str | None:
    claims = value.get("verify_claims")
    reserved = sorted({"exp", "iat", "nbf", ""} & set(claims if isinstance(claims, dict) else ()))
    return f"verify_claims: {', '.join(reserved)} cannot be among them" if reserved else None


_TOKEN: dict[str, Type] = {
    "mechanism": constant("jwt"),
    "enable": BOOLEAN.by(True),
    "acl_claim_name": STRING.by("acl"),
    "verify_claims": OBJECT.by({}),
    "disconnect_after_expire": BOOLEAN.by(True),
    "from": enum("username", "password").by("password"),
}
_NOT_BY_JWKS: Type = BOOLEAN.by(False)
_TOKEN_BY_SECRET = Struct(
    {
        **_TOKEN,
        "use_jwks": _NOT_BY_JWKS,
        "algorithm": constant("hmac-based"),
        "secret": STRING.needed(),
        "secret_base64_encoded": BOOLEAN.by(False),
    },
    rule=_claims_problem,
)
_TOKEN_BY_PUBLIC_KEY = Struct(
    {
        **_TOKEN,
        "use_jwks": _NOT_BY_JWKS,
        "algorithm": constant("public-key"),
        "public_key": NOT_EMPTY.needed(),
    },
    rule=_claims_problem,
)
_TOKEN_BY_JWKS = Struct(
    {
        **_TOKEN,
        "use_jwks": BOOLEAN.needed(),
        "endpoint": NOT_EMPTY.needed(),
        "headers": OBJECT.by({"Accept": "application/json"}),
        "pool_size": integer(1).by(8),
        "refresh_interval": integer(1).by(300),
        "ssl": databases.TLS,
    },
    rule=_claims_problem,
)

_SCRAM = Struct(
    {
        "mechanism": constant("scram"),
        "backend": constant("built_in_database"),
        "enable": BOOLEAN.by(True),
        "algorithm": enum("sha256", "sha512").by("sha256"),
        "iteration_count": integer(0).by(4096),
    }
)

_QUERY: dict[str, Type] = {
    **_PASSWORD,
    "password_hash_algorithm": _HASH_MADE_ELSEWHERE,
    "query": NOT_EMPTY.needed(),
}
_BIND_OR_HASH = databases.LDAP_METHODS


def _database(value: Object) -> Struct | str:
    match value.get("backend"):
        case "postgresql":
            return Struct({**_QUERY, **databases.POSTGRESQL})
        case "mysql":
            return Struct({**_QUERY, **databases.MYSQL, "query_timeout": DURATION.by("5s")})
        case "redis":
            kind = databases.redis(value)
            own: dict[str, Type] = {
                "password_hash_algorithm": _HASH_MADE_ELSEWHERE,
                "cmd": NOT_EMPTY.needed(),
            }
            return kind if isinstance(kind, str) else Struct({**_PASSWORD, **own, **kind})
        case "mongodb":
            fields = databases.mongodb(value)
            if isinstance(fields, str):
                return fields
            return Struct(
                {
                    **_PASSWORD,
                    **fields,
                    "password_hash_algorithm": _HASH_MADE_ELSEWHERE,
                    "password_hash_field": STRING.by("password_hash"),
                    "salt_field": STRING.by("salt"),
                    "is_superuser_field": STRING.by("is_superuser"),
                }
            )
        case "ldap":
            # Without a method it is of the former kind, with attributes right here.
            own = (
                {"method": _BIND_OR_HASH}
                if "method" in value
                else {
                    "password_attribute": STRING.by("userPassword"),
                    "is_superuser_attribute": STRING.by("isSuperuser"),
                }
            )
            return Struct({**_PASSWORD, **databases.LDAP, **own})
        case backend:
            return f"unsupported_mechanism: password_based, backend {backend}"


def _authenticator(value: Object) -> Struct | str:
    mechanism, backend = value.get("mechanism"), value.get("backend")
    match (mechanism, backend):
        case (None, _):
            return "missing_mechanism_field"
        case ("password_based", "built_in_database"):
            return _USERS
        case ("password_based", "http"):
            found = _HTTP.get(str(value.get("method")))
            return found if found is not None else "unknown_http_method: expected get | post"
        case ("password_based", _):
            return _database(value)
        case ("scram", "built_in_database"):
            return _SCRAM
        case ("jwt", _):
            if value.get("use_jwks") in (True, "true"):
                return _TOKEN_BY_JWKS
            if value.get("use_jwks") in (False, "false", None):
                return _TOKEN_BY_PUBLIC_KEY if "public_key" in value else _TOKEN_BY_SECRET
            return "use_jwks: expected true | false"
        case _:
            return f"unsupported_mechanism: {mechanism}"


AUTHENTICATION = ListOf(Choice(_authenticator))
