"""A server that EMQX asks over HTTP, for authentication or authorization."""

from __future__ import annotations

from collections.abc import Callable

from ..hocon import Object
from ..setting_types import ANYTHING, DURATION, NOT_EMPTY, OBJECT, Type, constant, integer
from .databases import TLS

_HEADERS: Object = {
    "accept": "application/json",
    "cache-control": "no-cache",
    "connection": "keep-alive",
    "keep-alive": "timeout=30, max=1000",
}


def request_fields(method: str) -> dict[str, Type]:
    """The settings of a server that is asked by GET or POST."""
    content: Object = {"content-type": "application/json"} if method == "post" else {}
    return {
        "method": constant(method),
        "url": NOT_EMPTY.needed(),
        "headers": OBJECT.by({**_HEADERS, **content}),
        "body": OBJECT.by({}),
        "connect_timeout": DURATION.by("15s"),
        "enable_pipelining": integer(1).by(100),
        "max_retries": integer(0),
        "pool_size": integer(1).by(8),
        "request": ANYTHING,
        "retry_interval": DURATION,
        "ssl": TLS,
    }


def asked_by(method: str) -> Callable[[Object], str | None]:
    """What is wrong with such a server's settings as a whole."""

    def problem(value: Object) -> str | None:
        url, tls, headers = value.get("url"), value.get("ssl"), value.get("headers")
        secured = isinstance(tls, dict) and tls.get("enable") in (True, "true")
        if str(url).startswith("https://") and not secured:
            return "invalid_ssl_opts: it's required to enable the TLS option to establish a https connection"
        if not str(url).startswith(("http://", "https://")):
            return "invalid_url: no_scheme"
        given = {name.lower() for name in headers} if isinstance(headers, dict) else set()
        if method == "get" and "content-type" in given:
            return "invalid_headers: HTTP GET requests cannot include content-type header."
        return None

    return problem
