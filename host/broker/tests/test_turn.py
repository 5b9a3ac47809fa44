"""A broker's turn to be replaced: whether the others can spare it, and how it goes."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from broker import broker_agent, cluster, health, leave, spare
from residents import left, reports

FIRST, SECOND, THIRD = (f"emqx@10.0.0.{number}" for number in (1, 2, 3))
Running = Callable[..., None]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Which nodes `emqx ctl` says run, of three that are planned."""
    (tmp_path / "seeds.env").write_text(
        f"""EMQX_CLUSTER__STATIC__SEEDS='["{FIRST}","{SECOND}","{THIRD}"]'\n"""
    )
    monkeypatch.setattr(cluster, "SEEDS", tmp_path / "seeds.env")
    monkeypatch.setattr(spare, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(spare, "INTERVAL_SECONDS", 0)
    monkeypatch.setattr(health, "agent_says", lambda: "up ready 100%")

    def say(*nodes: str) -> None:
        known = cluster.Members(frozenset(nodes), frozenset({FIRST, SECOND, THIRD} - set(nodes)))
        for program in (spare, leave):
            monkeypatch.setattr(program, "members", lambda: known)

    return say


def test_a_broker_is_spared_while_all_others_run(running: Running) -> None:
    running(FIRST, SECOND, THIRD)
    assert spare.main(FIRST) == 0


def test_a_broker_is_not_spared_while_another_is_away(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST, SECOND)
    assert spare.main(FIRST) == 1
    assert f"{FIRST} is not replaced now: {THIRD} does not run in the cluster" in capsys.readouterr().err


def test_a_broker_that_is_away_itself_is_missed_by_nobody(running: Running) -> None:
    running(SECOND)
    assert spare.main(FIRST) == 0


def test_a_broker_is_not_spared_by_one_that_takes_no_clients(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST, SECOND, THIRD)
    monkeypatch.setattr(health, "agent_says", lambda: "down #not in its cluster")
    assert spare.main(FIRST) == 1
    assert f"broker-agent on {socket.gethostname()} says down" in capsys.readouterr().err


class Host:
    """What was done to it, in order."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.heard = True
        self.answer = "Leave the cluster successfully.\n"
        for place, name in ((reports, "RUN"), (left, "RUN"), (broker_agent, "RUN")):
            monkeypatch.setattr(place, name, folder)
        for place in (left, broker_agent):
            monkeypatch.setattr(place, "LEFT", folder / "left")
        monkeypatch.setattr(broker_agent, "DRAIN", folder / "drain")
        monkeypatch.setattr(broker_agent, "clients", self.clients)
        monkeypatch.setattr(leave, "emqx_ctl", self.ctl)
        monkeypatch.setattr(leave, "is_heard", lambda: self.heard)
        self.refusal = ""
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr("sys.argv", ["leave", "--timeout", "5"])

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.done.append(" ".join(command))
        return subprocess.CompletedProcess(command, 1 if self.refusal else 0, "", self.refusal)

    def clients(self) -> int:
        self.done.append("looked")
        return 0

    def ctl(self, *words: str, seconds: float) -> str:
        self.done.append(" ".join(words))
        return self.answer


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_it_is_drained_before_it_leaves_and_stops_last(
    running: Running, host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST, SECOND, THIRD)
    assert leave.main() == 0
    assert host.done == ["looked", "cluster leave", "systemctl stop emqx"]
    assert capsys.readouterr().out == "drained in 0 s: 0 of 0 clients left\nleft the cluster\n"
    assert (tmp_path / "left").read_text() == "emqx\n"


def test_its_stop_does_not_wait_for_the_clients_once_more(running: Running, host: Host) -> None:
    running(FIRST, SECOND, THIRD)
    leave.main()
    host.done.clear()
    broker_agent.drain(5)
    assert host.done == []


def test_the_last_one_keeps_its_data_and_waits_for_nobody(running: Running, host: Host) -> None:
    running(FIRST)
    assert leave.main() == 0
    assert host.done == ["systemctl stop emqx"]


def test_a_refused_leave_is_said_and_keeps_nobody(
    running: Running, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST, SECOND)
    host.answer = "Failed to leave the cluster: node_not_in_cluster\n"
    assert leave.main() == leave.NOT_FORGOTTEN
    assert "did not leave the cluster: Failed to leave" in capsys.readouterr().out
    assert host.done[-1] == "systemctl stop emqx"


def test_an_emqx_that_hangs_keeps_nobody(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hangs(*words: str) -> str:
        raise subprocess.TimeoutExpired("emqx", 20)

    monkeypatch.setattr(cluster, "emqx_ctl", hangs)
    assert leave.main() == leave.NOT_FORGOTTEN
    assert host.done == ["systemctl stop emqx"]
    assert "no client was moved" in capsys.readouterr().out


def test_it_stays_when_whoever_asked_is_gone_before_it_has_left(
    running: Running, host: Host, tmp_path: Path
) -> None:
    running(FIRST, SECOND, THIRD)
    host.heard = False
    assert leave.main() == 1
    assert host.done == ["looked"]
    assert not (tmp_path / "drain").exists()
    assert not (tmp_path / "left").exists()


@pytest.mark.parametrize("ends", [os.pipe, lambda: [end.detach() for end in reversed(socket.socketpair())]])
def test_it_is_heard_until_the_other_end_is_closed(
    ends: Callable[[], tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = ends()
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert leave.is_heard()
        os.close(reader)
        assert not leave.is_heard()


def test_a_service_that_does_not_stop_is_told(
    running: Running, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST)
    host.refusal = "Job for emqx.service canceled.\n"
    assert leave.main() == 0
    assert "systemctl stop emqx: exit 1: Job for emqx.service canceled.\n" in capsys.readouterr().out


def test_once_it_has_left_it_stops_though_nobody_listens_any_more(
    running: Running, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(FIRST, SECOND)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert leave.main() == 0
    assert host.done[-2:] == ["cluster leave", "systemctl stop emqx"]


def test_it_leaves_though_nothing_can_be_written(
    running: Running, host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running(FIRST, SECOND, THIRD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        assert leave.main() == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert host.done == ["looked", "cluster leave", "systemctl stop emqx"]
    assert f"{tmp_path}/left: [Errno 27] File too large" in capsys.readouterr().out


def test_it_takes_its_drain_back_though_that_cannot_be_told(
    running: Running, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> int:
        raise BrokenPipeError

    running(FIRST, SECOND)
    host.heard = False
    monkeypatch.setattr(broker_agent, "clients", lost)
    assert leave.main() == 1
    assert not (tmp_path / "drain").exists()
