"""The dashboard's port and `emqx ctl`, before a broker that answers as the Erlang side does."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from lab.packages.emqx.emqx_standin import ctl, http_api, layout
from lab.packages.emqx.emqx_standin.accounts import Accounts
from lab.packages.emqx.emqx_standin.control import Broker
from lab.packages.emqx.emqx_standin.settings import Settings, load

NODE = "emqx@10.0.0.5"
CLIENT = {
    "clientid": "dev (1), username=x",
    "peerhost": "203.0.113.9",
    "peerport": 5555,
    "keepalive": 60,
    "expiry_interval": 0,
    "subscriptions": 1,
    "inflight": 0,
    "awaiting_rel": 0,
    "mqueue_len": 0,
    "connected": True,
    "connected_at": 1_700_000_000_000,
    "node": NODE,
}


class FakeBroker:
    """Answers the control socket's requests from a table."""

    def __init__(self, path: Path) -> None:
        self.answers: dict[str, Any] = {
            "state": {"state": "running"},
            "self": {"node": NODE, "uptime": 61_000},
            "cluster": {"running": [NODE], "stopped": ["emqx@10.0.0.6"]},
            "clients": [CLIENT],
            "clients cluster": [CLIENT],
            "stats": {"connections.count": 1},
        }
        self.asked: list[str] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection, connection.makefile() as lines:
                command = lines.readline().strip()
                self.asked.append(command)
                connection.sendall(
                    json.dumps(self.answers.get(command, {"error": "no such command"})).encode()
                )


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "VERSION").write_text("5.8.9\n")
    monkeypatch.setattr(layout, "LIBRARY", tmp_path)
    monkeypatch.setattr(layout, "CONTROL_SOCKET", tmp_path / "control.sock")
    return FakeBroker(tmp_path / "control.sock")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    (tmp_path / "emqx.conf").write_text(f'node {{ name = "{NODE}", cookie = c, data_dir = "{data}" }}\n')
    (tmp_path / "keys").write_text("app:s3cret:administrator\n")
    return replace(
        load(tmp_path, {}),
        dashboard_address="127.0.0.1",
        default_password="first",
        api_key_file=tmp_path / "keys",
    )


@pytest.fixture
def port(settings: Settings, fake: FakeBroker) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chosen = int(free.getsockname()[1])
    server = http_api.serve(replace(settings, dashboard_port=chosen), Broker(layout.CONTROL_SOCKET))
    assert server is not None
    yield chosen
    server.shutdown()
    server.server_close()


def request(
    port: int, method: str, path: str, body: object = None, authorization: str = ""
) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Authorization": authorization} if authorization else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_status_is_200_while_the_broker_runs_and_503_otherwise(port: int, fake: FakeBroker) -> None:
    assert request(port, "GET", "/status") == (200, f"Node {NODE} is started\nemqx is running")
    fake.answers["state"] = {"state": "starting"}
    assert request(port, "GET", "/status") == (503, f"Node {NODE} is stopped\nemqx is not_running")


def test_the_api_wants_a_login_and_a_token(port: int) -> None:
    assert request(port, "GET", "/api/v5/clients")[0] == 401
    assert request(port, "POST", "/api/v5/login", {"username": "admin", "password": "wrong"})[0] == 401
    status, body = request(port, "POST", "/api/v5/login", {"username": "admin", "password": "first"})
    assert status == 200
    status, body = request(
        port, "GET", "/api/v5/clients", authorization=f"Bearer {json.loads(body)['token']}"
    )
    assert status == 200
    (client,) = json.loads(body)["data"]
    assert (client["clientid"], client["ip_address"], client["node"]) == (
        CLIENT["clientid"],
        "203.0.113.9",
        NODE,
    )


def test_an_api_key_of_the_bootstrap_file_is_let_in(port: int) -> None:
    def basic(credentials: str) -> str:
        return "Basic " + base64.b64encode(credentials.encode()).decode()

    assert request(port, "GET", "/api/v5/clients", authorization=basic("app:s3cret"))[0] == 200
    assert request(port, "GET", "/api/v5/clients", authorization=basic("app:other"))[0] == 401


def test_the_default_password_counts_at_the_first_start_only(
    settings: Settings, fake: FakeBroker, port: int
) -> None:
    later = replace(settings, default_password="second")
    accounts = Accounts(later, settings.data_folder / "standin-users.json")
    assert accounts.login("admin", "second") is None
    assert accounts.login("admin", "first") is not None


def test_a_client_is_printed_as_emqx_prints_it(fake: FakeBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert ctl.run(["clients", "list"]) == 0
    assert capsys.readouterr().out == (
        "Client(dev (1), username=x, username=undefined, peername=203.0.113.9:5555, clean_start=undefined, "
        "keepalive=60, session_expiry_interval=0, subscriptions=1, inflight=0, awaiting_rel=0, "
        "delivered_msgs=undefined, enqueued_msgs=0, dropped_msgs=undefined, connected=true, "
        "created_at=1700000000000, connected_at=1700000000000)\n"
    )


def test_status_and_cluster_are_printed_as_emqx_prints_them(
    fake: FakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [
        ctl.run(["status"]),
        ctl.run(["cluster", "status"]),
        ctl.run(["cluster", "status", "--json"]),
    ] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        f"Node '{NODE}' 5.8.9 is started",
        f"Cluster status: #{{running_nodes => ['{NODE}'],",
        "                  stopped_nodes => ['emqx@10.0.0.6']}",
        f'{{"stopped_nodes": ["emqx@10.0.0.6"], "running_nodes": ["{NODE}"]}}',
    ]


def test_a_client_id_reaches_the_broker_whole(fake: FakeBroker, capsys: pytest.CaptureFixture[str]) -> None:
    fake.answers["kick a%20b%25%2F"] = {"kicked": 1}
    assert ctl.run(["clients", "kick", "a b%/"]) == 0
    assert fake.asked == ["kick a%20b%25%2F"]


def test_a_refusal_and_a_broker_that_is_down_end_with_1(
    fake: FakeBroker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert ctl.run(["cluster", "force-leave", "emqx@10.0.0.9"]) == 1
    assert "Failed to remove the node from cluster" in capsys.readouterr().out
    monkeypatch.setattr(layout, "CONTROL_SOCKET", tmp_path / "none.sock")
    assert ctl.run(["status"]) == 1
    assert "not responding to pings" in capsys.readouterr().err
