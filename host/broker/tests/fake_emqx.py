"""As much of EMQX's REST API as this host's programs use, in memory."""

import base64
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from broker import access, administration, drift, emqx_api, settings, users
from residents import reports

USERS = "/authentication/password_based:built_in_database/users"


class FakeEmqx:
    """Its users, clients and what it asks; `refuses` is a path that answers 500."""

    def __init__(self, folder: Path) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.clients: dict[str, str] = {}
        self.authentication = [
            {"mechanism": "password_based", "backend": "built_in_database", "enable": True}
        ]
        self.servers: dict[str, str] = {}
        self.sources = [{"type": "file", "enable": True}]
        self.no_match = "deny"
        self.admins = {"admin": "first-password-1"}
        self.token = "token-of-admin"
        self.keys: dict[str, str] = {"from_bootstrap_file_1": "emqx-haproxy"}
        self.configuration: dict[str, str] = {}
        self.retained: list[str] = []
        self.banned: list[str] = []
        self.refuses = ""
        self.asked: list[str] = []
        self.key = "emqx-haproxy:key-secret"
        self.folder = folder
        Handler.emqx = self
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The programs take it for this host's EMQX."""
        (self.folder / "api-keys").write_text(f"{self.key}\n")
        monkeypatch.setattr(emqx_api, "KEY", self.folder / "api-keys")
        monkeypatch.setattr(emqx_api, "BASE", f"http://127.0.0.1:{self.server.server_port}/api/v5/")
        monkeypatch.setattr(users, "DESIRED", self.folder / "users.json")
        monkeypatch.setattr(users, "OURS", self.folder / "ours")
        monkeypatch.setattr(access, "EXPECTED", self.folder / "access.json")
        monkeypatch.setattr(access, "SECRETS", [self.folder / "access.hocon"])
        monkeypatch.setattr(access, "RUN", self.folder)
        monkeypatch.setattr(reports, "RUN", self.folder)
        monkeypatch.setattr(administration, "PASSWORDS", self.folder / "access.hocon")
        monkeypatch.setattr(administration, "OURS", self.folder / "our-keys")
        self.give_password("first-password-1")
        monkeypatch.setattr(settings, "SETTINGS", self.folder / "settings.json")
        monkeypatch.setattr(settings, "FILE", str(self.folder / "settings.hocon"))
        monkeypatch.setattr(settings, "TOLD", self.folder / "settings-told.json")
        monkeypatch.setattr(drift, "CLUSTER", self.folder / "cluster.hocon")
        self.expect(["password_based:built_in_database"])

    def desire(self, user_id_type: str = "username", **passwords: str) -> None:
        """users.json."""
        listed = [
            {"user_id": name, "password": password, "is_superuser": False}
            for name, password in passwords.items()
        ]
        (self.folder / "users.json").write_text(json.dumps({"userIdType": user_id_type, "users": listed}))

    def expect(self, chain: list[str], no_match: str = "deny") -> None:
        """access.json."""
        (self.folder / "access.json").write_text(json.dumps({"authentication": chain, "noMatch": no_match}))

    def give_password(self, password: str) -> None:
        """access.hocon."""
        (self.folder / "access.hocon").write_text(f'dashboard {{\n  default_password = "{password}"\n}}\n')

    def give_keys(self, *names: str) -> None:
        """The file of keys, which EMQX has read."""
        (self.folder / "api-keys").write_text("".join(f"{line}\n" for line in (self.key, *names)))
        for name in names:
            self.keys[f"from_bootstrap_file_{name}"] = name.partition(":")[0]

    def give_settings(self, **roots: Any) -> None:
        """settings.json and settings.hocon."""
        empty = {root: "[]" if isinstance(value, list) else "{}" for root, value in roots.items()}
        (self.folder / "settings.json").write_text(json.dumps({"roots": empty, "expected": roots}))
        text = "".join(f"{root} = {json.dumps(value)}\n" for root, value in roots.items())
        (self.folder / "settings.hocon").write_text(text)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.refuses and path.startswith(self.refuses):
            return 500, {"code": "INTERNAL_ERROR"}
        match method, path.removeprefix("/api/v5"):
            case "GET", "/authentication":
                return 200, self.authentication
            case "GET", path if path.startswith("/authentication/") and path.endswith("/status"):
                status = self.servers.get(urllib.parse.unquote(path.split("/")[2]), "connected")
                nodes = [
                    {"node": "emqx@10.0.0.1", "status": "connected"},
                    {"node": "emqx@10.0.0.2", "status": status},
                ]
                return 200, {"node_status": nodes}
            case "GET", path if path == USERS:
                listed = [{"user_id": name} for name in self.users]
                return 200, {"data": listed[: int(query["limit"])]}
            case "GET", "/mqtt/retainer/messages":
                return 200, {"data": [{"topic": topic} for topic in self.retained]}
            case "GET", "/banned":
                return 200, {"data": [{"who": who} for who in self.banned]}
            case "GET", "/authorization/sources":
                return 200, {"sources": self.sources}
            case "GET", "/authorization/settings":
                return 200, {"no_match": self.no_match}
            case "POST", "/login":
                if self.admins.get(body["username"]) != body["password"]:
                    return 401, {"code": "BAD_USERNAME_OR_PWD"}
                return 200, {"token": self.token}
            case "POST", "/logout":
                return 204, None
            case "POST", "/users/admin/change_pwd":
                if self.admins["admin"] != body["old_pwd"]:
                    return 400, {"code": "ERROR_PWD_NOT_MATCH"}
                self.admins["admin"] = body["new_pwd"]
                return 204, None
            case "GET", "/api_key":
                return 200, [{"name": name, "api_key": key} for name, key in self.keys.items()]
            case "DELETE", path if path.startswith("/api_key/"):
                return (204, None) if self.keys.pop(path.split("/")[-1], None) else (404, {})
            case "GET", "/configs" if query["key"] in self.configuration:
                return 200, self.configuration[query["key"]]
            case "GET", "/configs":
                return 400, {"code": "BAD_REQUEST"}
            case "GET", "/clients":
                found = [{"clientid": c} for c, user in self.clients.items() if user == query["username"]]
                return 200, {"data": found}
            case "POST", path if path == USERS:
                self.users[body["user_id"]] = body
                return 201, {}
            case "GET", path if path.startswith("/clients/"):
                client = path.split("/")[-1]
                where = {"node": "emqx@10.0.0.5", "connected": self.clients.get(client) != "gone"}
                return (200, where) if client in self.clients else (404, {"code": "CLIENTID_NOT_FOUND"})
            case "DELETE", path if path.startswith("/clients/"):
                return (204, None) if self.clients.pop(path.split("/")[-1], None) else (404, {})
            case method, path if path.startswith(f"{USERS}/"):
                return self._user(method, path.removeprefix(f"{USERS}/"), body)
        return 404, {"code": "NOT_FOUND"}

    def _user(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if name not in self.users:
            return 404, {"code": "NOT_FOUND"}
        if method == "DELETE":
            del self.users[name]
            return 204, None
        if method == "PUT":
            self.users[name] |= body
        return 200, {"user_id": name, "is_superuser": self.users[name]["is_superuser"]}


class Handler(BaseHTTPRequestHandler):
    emqx: FakeEmqx

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        url = urllib.parse.urlsplit(self.path)
        expected = "Basic " + base64.b64encode(self.emqx.key.encode()).decode()
        # As in EMQX, keys may not administer.
        if any(url.path.startswith(f"/api/v5/{own}") for own in ("users", "logout", "api_key")):
            expected = f"Bearer {self.emqx.token}"
        if url.path != "/api/v5/login" and self.headers["Authorization"] != expected:
            status, answer = 401, {"code": "BAD_API_KEY_OR_SECRET"}
        else:
            query = dict(urllib.parse.parse_qsl(url.query))
            status, answer = self.emqx.answer(self.command, urllib.parse.unquote(url.path), query, body)
        self.send_response(status)
        told = answer if isinstance(answer, str) else json.dumps(answer)
        text = b"" if answer is None else told.encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _do
