"""`listeners`: where clients connect."""

from __future__ import annotations

from ..hocon import Object
from ..setting_types import (
    ANYTHING,
    BIND,
    BOOLEAN,
    BYTES,
    DURATION,
    INFINITY,
    RATE,
    STRING,
    MapOf,
    Struct,
    Type,
    array,
    either,
    enum,
    integer,
)
from .authentication import AUTHENTICATION
from .tls import LISTENER as TLS

_TCP_OPTIONS = Struct(
    {
        "active_n": integer(0).by(100),
        "backlog": integer(1).by(1024),
        "send_timeout": DURATION.by("15s"),
        "send_timeout_close": BOOLEAN.by(True),
        "recbuf": BYTES,
        "sndbuf": BYTES,
        "buffer": BYTES.by("4KB"),
        "high_watermark": BYTES.by("1MB"),
        "nodelay": BOOLEAN.by(True),
        "nolinger": BOOLEAN.by(False),
        "reuseaddr": BOOLEAN.by(True),
        "keepalive": STRING.by("none"),
    }
)

_WEBSOCKET = Struct(
    {
        "mqtt_path": STRING.by("/mqtt"),
        "mqtt_piggyback": enum("single", "multiple").by("multiple"),
        "compress": BOOLEAN.by(False),
        "idle_timeout": either(DURATION, INFINITY).by("7200s"),
        "max_frame_size": either(integer(1), INFINITY).by("infinity"),
        "fail_if_no_subprotocol": BOOLEAN.by(True),
        "supported_subprotocols": either(array(STRING), STRING).by("mqtt, mqtt-v3, mqtt-v3.1.1, mqtt-v5"),
        "check_origin_enable": BOOLEAN.by(False),
        "allow_origin_absence": BOOLEAN.by(True),
        "check_origins": either(array(STRING), STRING).by("http://localhost:18083, http://127.0.0.1:18083"),
        "proxy_address_header": STRING.by("x-forwarded-for"),
        "proxy_port_header": STRING.by("x-forwarded-port"),
        "deflate_opts": ANYTHING,
        "validate_utf8": BOOLEAN.by(True),
    }
)


def _fields(port: int, **more: Type) -> Struct:
    return Struct(
        {
            "enable": BOOLEAN.by(True),
            "bind": BIND.by(port),
            "acceptors": integer(1).by(16),
            "max_connections": either(integer(1), INFINITY).by("infinity"),
            "mountpoint": STRING.by(""),
            "zone": STRING.by("default"),
            "enable_authn": either(BOOLEAN, enum("quick_deny_anonymous")).by(True),
            "max_conn_rate": RATE.by("infinity"),
            "messages_rate": STRING,
            "bytes_rate": STRING,
            "access_rules": array(STRING).by(["allow all"]),
            "proxy_protocol": BOOLEAN.by(False),
            "proxy_protocol_timeout": DURATION.by("3s"),
            "authentication": AUTHENTICATION,
            "tcp_options": _TCP_OPTIONS,
            **more,
        },
        {"enabled": "enable", "tcp": "tcp_options", "ssl": "ssl_options"},
    )


def _default(port: int) -> Object:
    return {"default": {"bind": f"0.0.0.0:{port}"}}


# EMQX listens on four ports unless its configuration turns them off.
LISTENERS = Struct(
    {
        "tcp": MapOf(_fields(1883), _default(1883)),
        "ssl": MapOf(_fields(8883, ssl_options=TLS), _default(8883)),
        "ws": MapOf(_fields(8083, websocket=_WEBSOCKET), _default(8083)),
        "wss": MapOf(_fields(8084, ssl_options=TLS, websocket=_WEBSOCKET), _default(8084)),
        "quic": ANYTHING,
    }
)
