"""A broker that its cluster does not take back: what came to it goes, be it files or a version."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from archive import CONF, offer_second, versions
from machine import FOLDER, Machine

HEALTH = ["python3", FOLDER, "broker.health"]


class Agent:
    """Answers as broker-agent: whoever runs with what is new has not joined its cluster."""

    def __init__(self, host: Machine) -> None:
        self.host, self.joins = host, False
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                said = "up ready 100%" if self.joins or self.is_former() else "down #not in its cluster"
                connection.sendall(f"{said}\n".encode())

    def is_former(self) -> bool:
        return (self.host.read("/run/app-version"), self.host.read("/run/loaded")) == ("1.0\n", "own\n")


@pytest.fixture
def agent(machine: Machine) -> Iterator[Agent]:
    """Of a broker that runs the first version in its cluster."""
    offer_second(machine)
    made = Agent(machine)
    machine.write("/etc/emqx-haproxy/agent.json", json.dumps({"port": made.server.getsockname()[1]}))
    done = machine.run(text=versions("1.0", health=HEALTH))
    assert done.returncode == 0, done.stderr
    yield made
    made.server.shutdown(socket.SHUT_RDWR)
    made.server.close()


@pytest.mark.parametrize(
    "wanted",
    [versions("1.0", conf="new\n", health=HEALTH), versions("2.0", health=HEALTH)],
    ids=["files", "version"],
)
def test_it_is_as_it_was_and_the_next_run_goes_through_once_the_cluster_takes_it(
    agent: Agent, wanted: str
) -> None:
    host = agent.host
    done = host.run(text=wanted)
    assert done.returncode == 1
    assert "broker-agent says down #not in its cluster" in done.stderr
    assert "the former set is back" in done.stderr
    assert (host.read(CONF), agent.is_former()) == ("own\n", True)
    assert json.loads(host.run("--check").stdout) == {}
    agent.joins = True
    done = host.run(text=wanted)
    assert done.returncode == 0, done.stderr
    assert not agent.is_former()
