"""The dashboard's port: /status for everyone, and a part of /api/v5 behind the dashboard's login."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import layout
from .accounts import Accounts
from .client_view import api as client_view
from .control import Broker, NotRunning, Refused
from .settings import Settings

_LARGEST_BODY = 64 * 1024


def serve(settings: Settings, broker: Broker) -> ThreadingHTTPServer | None:
    """Answers in threads of its own until shut down; None when the dashboard's port is 0."""
    if settings.dashboard_port == 0:
        return None
    api = Api(settings, broker, Accounts(settings, settings.data_folder / "standin-users.json"))
    server = _Server((settings.dashboard_address, settings.dashboard_port), _handler(api))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


class Failure(Exception):
    """An answer that is no success, with EMQX's code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message}


class Api:
    """What each path answers: a status and JSON."""

    def __init__(self, settings: Settings, broker: Broker, accounts: Accounts) -> None:
        self._settings = settings
        self._broker = broker
        self.accounts = accounts

    def status(self, as_json: bool) -> tuple[int, str]:
        """EMQX's health page."""
        running = self._broker.state() == "running"
        app, node = ("running", "started") if running else ("not_running", "stopped")
        name = self._settings.node_name
        body = f"Node {name} is {node}\nemqx is {app}"
        if as_json:
            body = json.dumps(
                {
                    "node_name": name,
                    "cluster": self._settings.cluster_name,
                    "rel_vsn": layout.version(),
                    "broker_status": node,
                    "app_status": app,
                }
            )
        return (200 if running else 503), body

    def login(self, body: dict[str, Any]) -> dict[str, Any]:
        token = self.accounts.login(str(body.get("username")), str(body.get("password")))
        if token is None:
            raise Failure(401, "BAD_USERNAME_OR_PWD", "Auth failed")
        return {
            "license": {"edition": "opensource"},
            "role": "administrator",
            "token": token,
            "version": layout.version(),
        }

    def nodes(self) -> list[dict[str, Any]]:
        answer = self._broker.ask("nodes")
        running = [self._node(info) for info in answer["running"]]
        return running + [{"node": name, "node_status": "stopped"} for name in answer["stopped"]]

    def _node(self, info: dict[str, Any]) -> dict[str, Any]:
        return {
            "node": info["node"],
            "node_status": "running",
            "edition": "Opensource",
            "version": layout.version(),
            "role": "core",
            "uptime": info["uptime"],
            "otp_release": info["otp_release"],
            "memory_used": info["memory_used"],
            "process_used": info["process_used"],
            "process_available": info["process_available"],
            "connections": info["stats"]["connections.count"],
            "live_connections": info["stats"]["live_connections.count"],
            "cluster_sessions": info["stats"]["cluster_sessions.count"],
        }

    def node(self, name: str) -> dict[str, Any]:
        for node in self.nodes():
            if node["node"] == name:
                return node
        raise Failure(404, "NOT_FOUND", "Node not found")

    def clients(self, query: dict[str, str]) -> dict[str, Any]:
        page, limit = int(query.get("page", "1")), int(query.get("limit", "100"))
        exact = {key: value for key, value in query.items() if key in ("node", "clientid", "username")}
        found = [
            client
            for client in map(client_view, self._broker.ask("clients", "cluster"))
            if all(client[key] == value for key, value in exact.items())
        ]
        rows = found[(page - 1) * limit : page * limit]
        meta = {"page": page, "limit": limit, "count": len(found), "hasnext": page * limit < len(found)}
        return {"data": rows, "meta": meta}

    def client(self, client_id: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.clients({"clientid": client_id})["data"]
        if not found:
            raise Failure(404, "CLIENTID_NOT_FOUND", "Client ID not found")
        return found[0]

    def kick(self, client_id: str) -> None:
        if self._broker.ask("kick", client_id)["kicked"] == 0:
            raise Failure(404, "CLIENTID_NOT_FOUND", "Client ID not found")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Two balancers check several times a second, and a start may lie between two of their checks.
    request_queue_size = 128


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 15

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            if url.path == "/status":
                self._status(query.get("format") == "json")
            elif url.path == "/api/v5/nodes":
                self._guarded(api.nodes)
            elif url.path.startswith("/api/v5/nodes/"):
                self._guarded(lambda: api.node(_last(url.path)))
            elif url.path == "/api/v5/clients":
                self._guarded(lambda: api.clients(query))
            elif url.path.startswith("/api/v5/clients/"):
                self._guarded(lambda: api.client(_last(url.path)))
            else:
                self._send(404, {"code": "NOT_FOUND", "message": "Request Path Not Found"})

        def do_POST(self) -> None:
            if self.path == "/api/v5/login":
                self._answer(lambda: api.login(self._body()))
            else:
                self._send(404, {"code": "NOT_FOUND", "message": "Request Path Not Found"})

        def do_DELETE(self) -> None:
            if self.path.startswith("/api/v5/clients/"):
                self._guarded(lambda: api.kick(_last(self.path)))
            else:
                self._send(404, {"code": "NOT_FOUND", "message": "Request Path Not Found"})

        def _status(self, as_json: bool) -> None:
            code, text = api.status(as_json)
            self._write(code, text.encode(), "application/json" if as_json else "text/plain")

        def _guarded(self, work: Callable[[], Any]) -> None:
            if api.accounts.allows(self.headers.get("Authorization", "")):
                self._answer(work)
            else:
                self._send(401, {"code": "UNAUTHORIZED", "message": "unauthorized"})

        def _answer(self, work: Callable[[], Any]) -> None:
            try:
                result = work()
            except Failure as failure:
                self._send(failure.status, failure.body)
            except ValueError as error:
                self._send(400, {"code": "BAD_REQUEST", "message": str(error)})
            except (NotRunning, Refused) as error:
                self._send(503, {"code": "SERVICE_UNAVAILABLE", "message": str(error)})
            else:
                self._send(204 if result is None else 200, result)

        def _body(self) -> dict[str, Any]:
            length = int(self.headers.get("Content-Length", "0"))
            if length > _LARGEST_BODY:
                raise Failure(413, "BAD_REQUEST", "the body is too large")
            value = json.loads(self.rfile.read(length) or b"{}")
            if not isinstance(value, dict):
                raise Failure(400, "BAD_REQUEST", "expected a JSON object")
            return value

        def _send(self, status: int, body: Any) -> None:
            self._write(status, b"" if status == 204 else json.dumps(body).encode(), "application/json")

        def _write(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Health checks come several times a second: they are not worth a line each."""

    return Handler


def _last(path: str) -> str:
    return unquote(path.rsplit("/", 1)[-1])
