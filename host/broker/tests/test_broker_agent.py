"""What a broker tells the balancers."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ports import free_port
from waiting import until

from broker import broker_agent
from broker.cluster import Members

# A stand-in for `emqx ctl` that prints what a file says.
EMQX = '#!/bin/sh\ncd "$(dirname "$0")" && cat "$2-$3" && touch "asked-$2-$3"\n'


class Node:
    """An EMQX of which only the status page and the command line are there, and its agent beside it."""

    agent: subprocess.Popen[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = HTTPServer(("127.0.0.1", 0), Page)
        self.status(503)
        threading.Thread(target=self.page.serve_forever, args=(0.01,), daemon=True).start()
        self.port = free_port()
        (folder / "emqx").write_text(EMQX)
        (folder / "emqx").chmod(0o755)
        (folder / "seeds.env").write_text(
            """EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.1","emqx@10.0.0.2"]'\n"""
        )
        (folder / "systemctl").write_text('#!/bin/sh\ncat "$(dirname "$0")/run-of-emqx"\n')
        (folder / "systemctl").chmod(0o755)
        self.runs(1)
        self.settings()
        self.told(True)
        self.cluster("emqx@10.0.0.1")
        self.clients(0)

    def status(self, code: int) -> None:
        Page.code = code

    def settings(self, drain: bool = False, weight: int = 100) -> None:
        new = self.folder / "agent.new"
        new.write_text(json.dumps({"port": self.port, "drain": drain, "weightPercent": weight}))
        new.replace(self.folder / "agent.json")

    def runs(self, pid: int) -> None:
        (self.folder / "run-of-emqx").write_text(f"MainPID={pid}\nExecMainStartTimestampMonotonic={pid}\n")

    def told(self, told: bool) -> None:
        (self.folder / "told").touch() if told else (self.folder / "told").unlink()

    def cluster(self, *running: str) -> None:
        (self.folder / "cluster-status").write_text(
            json.dumps({"running_nodes": running, "stopped_nodes": []})
        )

    def clients(self, count: int) -> None:
        text = f"connections.count             : 9\nlive_connections.count        : {count}\n"
        (self.folder / "broker-stats").write_text(text)

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        where = f"w.RUN=reports.RUN=P({str(self.folder)!r}); w.SETTINGS=w.RUN/'agent.json';"
        code = (
            "from pathlib import Path as P; from broker import broker_agent as w;"
            "from broker import cluster, emqx_ctl as c; c.USER = None; from residents import reports;"
            f"{where} w.DRAIN=w.RUN/'drain'; w.JOINED=w.RUN/'joined'; w.LEFT=w.RUN/'left';"
            "cluster.SEEDS=w.RUN/'seeds.env';"
            "w.INTERVAL_SECONDS=0.05;"
            "w.Teller.told=lambda _: (w.RUN/'told').exists();"
            f"w.STATUS='http://127.0.0.1:{self.page.server_port}/status'; w.main()"
        )
        environment = {
            "PATH": f"{self.folder}:/usr/bin:/bin",
            "PYTHONPATH": str(Path(broker_agent.__file__).parent.parent),
        }
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as check:
                return check.recv(100).decode()
        except ConnectionRefusedError:
            return ""


class Page(BaseHTTPRequestHandler):
    code = 503
    nonsense = False
    asked_nonsense = 0

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        if Page.nonsense:
            Page.asked_nonsense += 1
            self.wfile.write(b"what?\r\n\r\n")
            return
        self.send_response(self.code)
        self.end_headers()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    made.agent = made.run()
    until(lambda: made.says() != "")
    yield made
    made.agent.kill()
    made.agent.communicate()
    made.page.shutdown()


def join(node: Node) -> None:
    node.status(200)
    node.cluster("emqx@10.0.0.1", "emqx@10.0.0.2")
    until(lambda: node.says() == "up ready 100%\n")


def test_it_enters_rotation_only_once_it_has_joined_its_cluster(node: Node) -> None:
    assert node.says().startswith("down")
    node.status(200)
    until(lambda: broker_metrics(node) is not None)
    assert node.says().startswith("down")
    join(node)


def first_answer(node: Node) -> str:
    """What HAProxy hears first of a new agent."""
    answers: list[str] = []

    def answered() -> bool:
        answers.append(node.says())
        return answers[-1] != ""

    until(answered)
    return answers[-1]


def broker_metrics(node: Node) -> str | None:
    file = node.folder / "metrics/broker.prom"
    return file.read_text() if file.exists() else None


def test_it_takes_no_client_before_emqx_knows_whom_to_let_in(node: Node) -> None:
    node.told(False)
    node.status(200)
    node.cluster("emqx@10.0.0.1", "emqx@10.0.0.2")
    until(lambda: broker_metrics(node) is not None)
    assert node.says().startswith("down")
    node.told(True)
    until(lambda: node.says() == "up ready 100%\n")


def test_it_leaves_rotation_when_the_broker_goes(node: Node) -> None:
    join(node)
    node.status(503)
    until(lambda: node.says().startswith("down"))


def test_drain_and_weight_follow_the_file_without_a_restart(node: Node) -> None:
    join(node)
    node.settings(weight=50)
    until(lambda: node.says() == "up ready 50%\n")
    node.settings(drain=True)
    until(lambda: node.says() == "up drain\n")
    node.settings()
    until(lambda: node.says() == "up ready 100%\n")


def test_a_stop_drains_until_no_client_is_left_and_the_next_start_is_ready(node: Node) -> None:
    join(node)
    node.clients(2)
    stop = node.run("drain", "--timeout", "20")
    until(lambda: node.says() == "up drain\n")
    until((node.folder / "asked-broker-stats").exists)
    assert stop.poll() is None
    node.clients(0)
    said = stop.communicate(timeout=10)[0]
    assert said.startswith("drained in ")
    assert said.endswith(" s: 0 of 2 clients left\n")
    assert (node.folder / "metrics/drain.prom").read_text() == "emqx_haproxy_drain_clients_left 0\n"
    # As EMQX's unit does before a start.
    (node.folder / "drain").unlink()
    until(lambda: node.says() == "up ready 100%\n")


def test_a_restarted_agent_says_of_the_same_run_of_emqx_what_it_said_before(node: Node) -> None:
    join(node)
    node.agent.kill()
    node.agent.communicate()
    # What would be asked now takes an Erlang node's start.
    (node.folder / "emqx").write_text("#!/bin/sh\nsleep 30\n")
    node.agent = node.run()
    assert first_answer(node) == "up ready 100%\n"


def test_of_another_run_of_emqx_it_says_nothing_before_it_has_looked(node: Node) -> None:
    join(node)
    node.agent.kill()
    node.agent.communicate()
    node.runs(2)
    node.cluster("emqx@10.0.0.1")
    node.agent = node.run()
    assert first_answer(node).startswith("down")


def test_a_status_page_that_talks_nonsense_changes_nothing(node: Node) -> None:
    join(node)
    Page.nonsense = True
    try:
        until(lambda: Page.asked_nonsense > 3)
        assert node.agent.poll() is None
        assert node.says() == "up ready 100%\n"
    finally:
        Page.nonsense = False


def test_a_drain_does_not_end_because_emqx_does_not_say_how_many_are_left(node: Node) -> None:
    join(node)
    (node.folder / "broker-stats").write_text("Node 'emqx@10.0.0.1' not responding to pings.\n")
    stop = node.run("drain", "--timeout", "1")
    said = stop.communicate(timeout=10)[0]
    assert said == "gave up after 1 s: an unknown number of clients left, whose sessions end with EMQX\n"
    assert "nan" in (node.folder / "metrics/drain.prom").read_text()


def test_a_drain_that_nobody_follows_ends_in_time(node: Node) -> None:
    join(node)
    node.clients(2)
    said = node.run("drain", "--timeout", "0.3").communicate(timeout=10)[0]
    assert said == "gave up after 0 s: 2 of 2 clients left, whose sessions end with EMQX\n"
    assert (node.folder / "metrics/drain.prom").read_text() == "emqx_haproxy_drain_clients_left 2\n"


def test_a_single_broker_needs_no_other(node: Node) -> None:
    (node.folder / "seeds.env").write_text("""EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.1"]'\n""")
    node.status(200)
    until(lambda: node.says() == "up ready 100%\n")


def test_a_broker_whose_peers_stay_away_serves_alone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Members(frozenset(["emqx@10.0.0.1"]), frozenset())
    monkeypatch.setattr(broker_agent, "members", lambda: alone)
    monkeypatch.setattr(broker_agent, "planned", lambda: {"emqx@10.0.0.1", "emqx@10.0.0.2"})
    assert not broker_agent.is_member(broker_agent.ALONE_SECONDS - 1)
    assert broker_agent.is_member(broker_agent.ALONE_SECONDS + 1)


def test_without_room_to_remember_it_serves_all_the_same(node: Node) -> None:
    (node.folder / "joined").mkdir()
    join(node)
    assert node.agent.poll() is None
