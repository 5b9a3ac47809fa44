"""When an HAProxy's end is asked for, and when root ends it."""

import contextlib
import errno
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until

from balancer import hung, sessions
from balancer.hung import LOOKS, SECONDS, Patience


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    with HaProxy(tmp_path) as made:
        monkeypatch.setattr(sessions, "MASTER", made.master)
        monkeypatch.setattr(hung, "RUNTIME", made.runtime)
        yield made


@pytest.fixture
def worker(haproxy: HaProxy) -> Iterator[int]:
    """One that goes on after the test."""
    pid = int(sessions.workers().running[0])
    yield pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemctl was told."""
    said = tmp_path / "systemctl.log"
    stub = tmp_path / "systemctl"
    stub.write_text(f'#!/bin/sh\necho "$*" >>{said}\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(hung, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(hung, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(hung, "ENDED", tmp_path / "hung-ended")
    return said


def freeze(pid: int) -> None:
    """Until each of its threads stands still: one that does not yet may still answer."""
    os.kill(pid, signal.SIGSTOP)
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    until(lambda: all("\nState:\tT" in (thread / "status").read_text() for thread in threads))


def looks(patience: Patience, begin: float, end: float) -> list[float]:
    """At which of the looks, half a second apart, that find it hung it is out."""
    times = [step / 2 for step in range(int(begin * 2), int(end * 2))]
    return [now for now in times if patience.is_out(True, now)]


def test_patience_with_one_that_says_nothing_ends_after_a_time_and_again(worker: int) -> None:
    freeze(worker)
    assert looks(Patience(), 0, 3 * SECONDS) == [SECONDS, 2 * SECONDS + 0.5]


def test_patience_does_not_end_for_a_host_that_stood_still(worker: int) -> None:
    freeze(worker)
    patience = Patience()
    assert not patience.is_out(True, 0)
    assert not any(patience.is_out(True, 100 + look / 10) for look in range(LOOKS - 2))
    assert patience.is_out(True, 110)


def test_patience_with_one_that_answers_late_does_not_end(worker: int) -> None:
    freeze(worker)
    patience = Patience()
    for _ in range(3):
        assert looks(patience, 0, SECONDS) == []
        # The answer comes between two looks that found none.
        os.kill(worker, signal.SIGCONT)
        until(lambda: bool(select.select([patience.question], [], [], 0)[0]))
        freeze(worker)
        assert not patience.is_out(True, SECONDS)


def test_one_look_that_finds_it_well_begins_anew(worker: int) -> None:
    freeze(worker)
    patience = Patience()
    assert looks(patience, 0, SECONDS) == []
    assert not patience.is_out(False, SECONDS)
    assert looks(patience, SECONDS, 2 * SECONDS) == []


def test_root_looks_for_himself_before_he_ends_it(worker: int, killed: Path) -> None:
    assert hung.main() == 0
    assert not killed.exists()
    assert not hung.ENDED.exists()
    freeze(worker)
    assert hung.main() == 0
    assert killed.read_text() == "kill --signal=KILL haproxy\n"
    assert hung.ENDED.exists()


def test_root_waits_where_there_is_no_room_for_his_question(
    haproxy: HaProxy, worker: int, killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(worker)
    with contextlib.ExitStack() as waiting:
        for _ in range(10_000):
            one = waiting.enter_context(socket.socket(socket.AF_UNIX))
            one.setblocking(False)
            if one.connect_ex(haproxy.runtime) == errno.EAGAIN:
                break
        else:
            pytest.fail("there is always room")
        monkeypatch.setattr(hung, "ANSWER_SECONDS", 20)
        threading.Timer(0.3, os.kill, (worker, signal.SIGCONT)).start()
        assert hung.main() == 0
    assert not killed.exists()


def test_root_leaves_one_that_has_ended_to_systemd(haproxy: HaProxy, killed: Path) -> None:
    haproxy.process.terminate()
    haproxy.process.wait()
    assert hung.main() == 0
    assert not killed.exists()


def test_asking_needs_the_file_that_root_has_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung, "REQUEST", tmp_path / "hung")
    hung.request()
    assert not hung.REQUEST.exists()
    hung.REQUEST.touch()
    hung.request()
    hung.request()
    assert hung.REQUEST.read_text() == "HAProxy does not answer\n"
