"""TLS, on either side of a connection."""

from __future__ import annotations

from ..hocon import Object
from ..setting_types import (
    BOOLEAN,
    DURATION,
    STRING,
    Struct,
    Type,
    array,
    either,
    enum,
    integer,
    is_true,
)
from .log import LEVELS

_CERTIFICATES = "${EMQX_ETC_DIR}/certs"

_COMMON: dict[str, Type] = {
    "cacerts": BOOLEAN,
    "verify": enum("verify_peer", "verify_none").by("verify_none"),
    "reuse_sessions": BOOLEAN.by(True),
    "depth": integer(0).by(10),
    "password": STRING,
    "versions": array(enum("tlsv1.3", "tlsv1.2", "tlsv1.1", "tlsv1")).by(["tlsv1.3", "tlsv1.2"]),
    "ciphers": either(array(STRING), STRING).by([]),
    "secure_renegotiate": BOOLEAN.by(True),
    "log_level": enum(*LEVELS, "none").by("notice"),
    "hibernate_after": DURATION.by("5s"),
}

CLIENT = Struct(
    {
        **_COMMON,
        "cacertfile": STRING,
        "certfile": STRING,
        "keyfile": STRING,
        "enable": BOOLEAN.by(False),
        "server_name_indication": STRING,
    }
)

_SERVER: dict[str, Type] = {
    **_COMMON,
    "cacertfile": STRING.by(f"{_CERTIFICATES}/cacert.pem"),
    "certfile": STRING.by(f"{_CERTIFICATES}/cert.pem"),
    "keyfile": STRING.by(f"{_CERTIFICATES}/key.pem"),
    "dhfile": STRING,
    "fail_if_no_peer_cert": BOOLEAN.by(False),
    "honor_cipher_order": BOOLEAN.by(True),
    "client_renegotiation": BOOLEAN.by(True),
    "handshake_timeout": DURATION.by("15s"),
    "gc_after_handshake": BOOLEAN,
    "user_lookup_fun": STRING,
}

SERVER = Struct(_SERVER)


def _asks_for_what_it_checks(value: Object) -> str | None:
    if is_true(value.get("fail_if_no_peer_cert")) and value.get("verify", "verify_none") != "verify_peer":
        return "verify must be verify_peer when fail_if_no_peer_cert is true"
    return None


LISTENER = Struct(
    {
        **_SERVER,
        "ocsp": Struct(
            {
                "enable_ocsp_stapling": BOOLEAN.by(False),
                "responder_url": STRING,
                "issuer_pem": STRING,
                "refresh_interval": DURATION.by("5m"),
                "refresh_http_timeout": DURATION.by("15s"),
            }
        ),
        "enable_crl_check": BOOLEAN.by(False),
        "partial_chain": either(BOOLEAN, STRING),
        "verify_peer_ext_key_usage": STRING,
    },
    rule=_asks_for_what_it_checks,
)
