"""The HTTP server: finds what answers a path, for those who may ask."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .. import layout
from ..configuration import ChangeRefused, Configuration
from ..control import Broker, NotRunning, Refused
from . import accounts, authentication, authorization, banned, clients, configs, listeners, nodes, retained
from .answers import Answer, Context, Failure, Handler, Request, Route

_LARGEST_BODY = 16 * 1024 * 1024
_API = "/api/v5"

#: For everyone.
_OPEN: list[Route] = [("POST", "/login", accounts.login)]
_GUARDED: list[Route] = [
    *accounts.ROUTES,
    *authentication.ROUTES,
    *authorization.ROUTES,
    *banned.ROUTES,
    *clients.ROUTES,
    *configs.ROUTES,
    *listeners.ROUTES,
    *nodes.ROUTES,
    *retained.ROUTES,
]
#: Where EMQX has its dashboard.
_NO_DASHBOARD = """This is the lab's stand-in for EMQX. It has the REST API, below /api/v5, and no dashboard.
EMQX itself, which has one, runs in the lab with LAB_EMQX_DEB=/path/to/emqx.deb npm start
"""
#: EMQX keeps these for logins: an API key is refused.
_NOT_BY_KEY = re.compile(r"/(users|logout|api_key)(/|$)")


def serve(configuration: Configuration, broker: Broker) -> ThreadingHTTPServer | None:
    """Answers in threads of its own until shut down; None when the dashboard's port is 0."""
    address, port = configuration.settings.dashboard
    if port == 0:
        return None
    server = _Server((address, port), _handler(Context(configuration, broker)))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Two balancers check several times a second, and a start may lie between two of their checks.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A balancer that knows enough by the first line resets the connection, several times a second."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def answer(context: Context, method: str, path: str, request: Request) -> Answer:
    """What EMQX answers to a path behind /api/v5."""
    try:
        found = _find(_OPEN, method, path)
        if found is not None:
            return found[0](context, _with_names(request, found[1]))
        _authorize(context, path, request)
        found = _find(_GUARDED, method, path)
        if found is None:
            raise Failure(404, "NOT_FOUND", "Request Path Not Found")
        return found[0](context, _with_names(request, found[1]))
    except Failure as failure:
        return failure.answer
    except ChangeRefused as refusal:
        return Failure(400, "BAD_REQUEST", str(refusal)).answer
    except ValueError as error:
        return Failure(400, "BAD_REQUEST", str(error)).answer
    except (NotRunning, Refused) as error:
        return Failure(503, "SERVICE_UNAVAILABLE", str(error)).answer


def _find(routes: list[Route], method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
    for wanted, pattern, handler in routes:
        match = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern)), path)
        if match is not None and wanted == method:
            return handler, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def _with_names(request: Request, names: dict[str, str]) -> Request:
    return Request(request.query, request.headers, request.body, names)


def _authorize(context: Context, path: str, request: Request) -> None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme == "Bearer":
            context.broker.ask("token", value)
            return
        if scheme == "Basic":
            if _NOT_BY_KEY.match(path):
                raise Failure(
                    401, "API_KEY_NOT_ALLOW", "This API Key don't have permission to access this resource"
                )
            key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            context.broker.ask("key", key, secret)
            return
    except Refused:
        wrong = "BAD_TOKEN" if scheme == "Bearer" else "BAD_API_KEY_OR_SECRET"
        raise Failure(
            401, wrong, "Check bearer token" if scheme == "Bearer" else "Check api_key/api_secret"
        ) from None
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise Failure(401, "AUTHORIZATION_HEADER_ERROR", "Support authorization: basic/bearer ")


def status(context: Context, as_json: bool) -> Answer:
    """EMQX's health page."""
    running = context.broker.state() == "running"
    app, node = ("running", "started") if running else ("not_running", "stopped")
    settings = context.configuration.settings
    told = {
        "node_name": settings.node_name,
        "cluster": settings.cluster_name,
        "rel_vsn": layout.version(),
        "broker_status": node,
        "app_status": app,
    }
    text = f"Node {settings.node_name} is {node}\nemqx is {app}"
    code = 200 if running else 503
    return Answer(code, json.dumps(told) if as_json else text, "text/plain")


def _handler(context: Context) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 15

        def handle_method(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
            length = int(self.headers.get("Content-Length", "0"))
            if length > _LARGEST_BODY:
                self._send(Failure(413, "BAD_REQUEST", "the body is too large").answer)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(query, headers, self.rfile.read(length))
            if url.path == "/":
                self._send(Answer(200, _NO_DASHBOARD, "text/plain; charset=utf-8"))
            elif url.path == "/status":
                self._send(status(context, query.get("format") == "json"))
            elif url.path.startswith(_API):
                self._send(answer(context, self.command, url.path[len(_API) :], request))
            else:
                self._send(Failure(404, "NOT_FOUND", "Request Path Not Found").answer)

        do_GET = do_POST = do_PUT = do_DELETE = handle_method

        def _send(self, told: Answer) -> None:
            content = told.content()
            self.send_response(told.status)
            self.send_header("Content-Type", told.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Health checks come several times a second: they are not worth a line each."""

    return Handler
