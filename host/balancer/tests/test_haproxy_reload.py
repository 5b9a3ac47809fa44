"""Reloads of a real HAProxy, by their effect."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy

from balancer import haproxy_reload, sessions


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    with HaProxy(tmp_path) as made:
        for module in (haproxy_reload, sessions):
            monkeypatch.setattr(module, "MASTER", made.master)
        yield made


def test_one_that_succeeds_has_a_new_worker_that_serves(haproxy: HaProxy) -> None:
    haproxy.connect(2)
    for _ in range(3):
        before = sessions.workers().running
        assert haproxy_reload.main(haproxy.process.pid) == 0
        assert sessions.workers().running != before
    assert haproxy.open_clients() == 2


def test_one_whose_new_worker_cannot_open_a_port_is_a_failure(
    haproxy: HaProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the port of a new listener that an outgoing connection of this host holds."""
    haproxy.connect(2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        haproxy.frontends = (
            f"frontend ws\n  bind 127.0.0.1:{taken.getsockname()[1]}\n  default_backend brokers"
        )
        haproxy.configure()
        before, begun = sessions.workers().running, time.monotonic()
        assert haproxy_reload.main(haproxy.process.pid) == 1
        assert time.monotonic() - begun < 5
        assert "the former one goes on" in capsys.readouterr().err
        assert sessions.workers().running == before
    haproxy.frontends = ""
    haproxy.configure()
    assert haproxy_reload.main(haproxy.process.pid) == 0
    assert (sessions.workers().failed_reloads, haproxy.open_clients()) == (0, 2)


def test_a_master_that_does_not_answer_before_is_reloaded_all_the_same(
    haproxy: HaProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of 2.4 does after a reload that failed: its socket is away until the next one."""
    haproxy.connect(2)
    before = sessions.workers().running
    told = os.kill

    def kill(pid: int, signal: int) -> None:
        monkeypatch.setattr(sessions, "MASTER", haproxy.master)
        told(pid, signal)

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(sessions, "MASTER", str(tmp_path / "away"))
    monkeypatch.setattr(haproxy_reload, "START_SECONDS", 0)
    assert haproxy_reload.main(haproxy.process.pid) == 0
    assert sessions.workers().running != before
