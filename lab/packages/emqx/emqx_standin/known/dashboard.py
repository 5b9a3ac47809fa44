"""`dashboard` and `api_key`: the HTTP side, and who may use it."""

from __future__ import annotations

from ..setting_types import BIND, BOOLEAN, DURATION, STRING, Struct, Type, enum, integer
from .tls import SERVER

# Port 0 is off, and so is a listener that nobody gives a port.
_LISTENER: dict[str, Type] = {
    "bind": BIND.by(0),
    "num_acceptors": integer(1).by(2),
    "max_connections": integer(1).by(512),
    "backlog": integer(1).by(1024),
    "send_timeout": DURATION.by("10s"),
    "inet6": BOOLEAN.by(False),
    "ipv6_v6only": BOOLEAN.by(False),
    "proxy_header": BOOLEAN.by(False),
}

DASHBOARD = Struct(
    {
        "listeners": Struct(
            {"http": Struct(_LISTENER), "https": Struct({**_LISTENER, "ssl_options": SERVER})}
        ),
        "default_username": STRING.by("admin"),
        "default_password": STRING.by("public"),
        "token_expired_time": DURATION.by("60m"),
        "password_expired_time": DURATION,
        "cors": BOOLEAN.by(False),
        "swagger_support": BOOLEAN.by(True),
        "i18n_lang": enum("en", "zh"),
        "hwmark_expire_time": DURATION,
        "sample_interval": DURATION,
    }
)

API_KEY = Struct({"bootstrap_file": STRING.by("")})
