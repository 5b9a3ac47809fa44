"""The watcher against a real HAProxy."""

import errno
import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until
from watcher import Watcher, restart

from balancer import sessions
from balancer.haproxy_watch import Verdict


def test_a_dead_haproxy_has_a_grace_a_hung_one_has_none() -> None:
    verdict = Verdict(1.0)
    assert verdict.after("dead", 0.0) is True, "not seen yet since the start"
    assert verdict.after("ok", 10.0) is False
    assert verdict.after("dead", 10.9) is False
    assert verdict.after("dead", 11.0) is True
    assert verdict.after("ok", 12.0) is False
    assert verdict.after("hung", 12.1) is True
    assert verdict.after("dead", 12.2) is True
    assert verdict.after("ok", 12.3) is False
    assert Verdict(0.0).after("dead", 1.0) is True
    assert verdict.after("misread", 13.2) is False, "a cut answer is as good as none"
    assert verdict.after("misread", 13.4) is True


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    with HaProxy(tmp_path) as made:
        monkeypatch.setattr(sessions, "MASTER", made.master)
        yield made


@pytest.fixture
def watcher(haproxy: HaProxy, tmp_path: Path) -> Iterator[Watcher]:
    made = Watcher(haproxy, tmp_path)
    until(lambda: made.says("0"))
    yield made
    made.kill()


def test_the_watcher_follows_haproxy_through_death_hang_and_return(
    haproxy: HaProxy, watcher: Watcher
) -> None:
    worker = int(sessions.workers().running[0])
    os.kill(worker, signal.SIGSTOP)
    until(lambda: watcher.says("1"))
    os.kill(worker, signal.SIGCONT)
    until(lambda: watcher.says("0"))
    (watcher.run / "stopping").touch()
    until(lambda: watcher.says("1"))
    (watcher.run / "stopping").unlink()
    until(lambda: watcher.says("0"))
    haproxy.process.kill()
    os.kill(worker, signal.SIGKILL)
    until(lambda: watcher.says("1"))
    haproxy.process.wait()
    with haproxy:
        until(lambda: watcher.says("0"))
    assert "emqx_haproxy_watch_fault" in (watcher.run / "metrics/watch.prom").read_text()


def test_the_end_of_a_haproxy_that_stays_hung_is_asked_for_again_and_again(
    haproxy: HaProxy, watcher: Watcher
) -> None:
    request = watcher.run / "hung"
    request.touch()
    worker = int(sessions.workers().running[0])
    os.kill(worker, signal.SIGSTOP)
    try:
        # Until there is no room for one more that asks, and a while longer.
        until(lambda: no_room(haproxy.runtime), 30)
        for _ in range(2):
            request.write_text("")
            until(lambda: bool(request.read_text()))
        assert watcher.says("1")
    finally:
        os.kill(worker, signal.SIGCONT)
    until(lambda: watcher.says("0"))
    assert request.read_text() == "HAProxy does not answer\n"


def no_room(path: str) -> bool:
    """Whether nobody takes the connections, and no more of them wait."""
    with socket.socket(socket.AF_UNIX) as one:
        one.setblocking(False)
        return one.connect_ex(path) == errno.EAGAIN


def test_a_fault_that_another_wrote_does_not_stay(watcher: Watcher) -> None:
    watcher.fault.write_text("1\n")
    until(lambda: watcher.says("0"), 2)
    watcher.fault.unlink()
    until(lambda: watcher.says("0"), 2)


def test_restarts_of_haproxy_leave_no_fault(haproxy: HaProxy, watcher: Watcher) -> None:
    """As often as RESTARTS says, at random moments: many fall between two looks, or into the grace."""
    chance = random.Random(1)
    for _ in range(int(os.environ.get("RESTARTS", "10"))):
        restart(haproxy, watcher, chance)
        until(lambda: watcher.says("0"), 3)


@contextmanager
def heard(watcher: Watcher) -> Iterator[set[str]]:
    """What Keepalived would have read meanwhile."""
    words: set[str] = set()
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.002):
            words.add(watcher.fault.read_text().strip())

    thread = threading.Thread(target=read)
    thread.start()
    yield words
    over.set()
    thread.join()


def test_restarts_of_the_watcher_cost_no_session_and_tell_no_fault(
    haproxy: HaProxy, watcher: Watcher
) -> None:
    haproxy.connect(100)
    chance = random.Random(2)
    with heard(watcher) as words:
        for _ in range(int(os.environ.get("RESTARTS", "10"))):
            watcher.kill()
            watcher.start()
            if chance.random() < 0.5:
                watcher.looks_again()
        until(lambda: watcher.says("0"))
    assert (haproxy.open_clients(), words) == (100, {"0"})
