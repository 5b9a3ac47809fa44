"""HAProxy's clients, as vip-agent wants them."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import until

from balancer import clients as module
from balancer.clients import Clients


@pytest.fixture(autouse=True)
def run_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(module, "RUN", tmp_path)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    return tmp_path


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What HAProxy was told, in turn."""
    told: list[str] = []
    monkeypatch.setattr(module, "leave", lambda _: told.append("leave"))
    monkeypatch.setattr(module, "admit", lambda: told.append("admit"))
    return told


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    threading.Thread(target=made.run, daemon=True).start()
    yield made
    # Its thread ends with this process, and does nothing until then.
    made.turn = threading.Event().wait  # type: ignore[method-assign]
    made.admit()


def test_clients_are_admitted_again_when_cutting_them_off_fails(
    clients: Clients, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(goes_on: Callable[[], bool]) -> None:
        done.append("leave")
        raise ConnectionRefusedError("the master starts anew")

    monkeypatch.setattr(module, "leave", refused)
    clients.cut()
    until(lambda: done[:2] == ["leave", "admit"])


def test_an_admission_that_fails_is_repeated_and_said_once(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[int] = []

    def refused() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise ConnectionRefusedError("no such socket")

    monkeypatch.setattr(module, "admit", refused)
    clients.admit()
    until(lambda: len(tries) == 4)
    clients.admit()
    until(lambda: len(tries) == 5)
    said = capsys.readouterr().out.splitlines()
    assert said == ["HAProxy: ConnectionRefusedError('no such socket')", "HAProxy: well again"]


def test_who_becomes_master_while_it_cuts_clients_off_stops_and_admits(
    clients: Clients, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = threading.Event()

    def slow(goes_on: Callable[[], bool]) -> None:
        closing.set()
        until(lambda: not goes_on())
        done.append("left")

    monkeypatch.setattr(module, "leave", slow)
    clients.cut()
    assert closing.wait(5)
    clients.admit()
    until(lambda: done[:2] == ["left", "admit"])
    until(lambda: set(done[1:]) == {"admit"})


def test_what_was_left_closed_is_opened_without_a_word(
    done: list[str], monkeypatch: pytest.MonkeyPatch, run_folder: Path, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    leaving = run_folder / "leaving"
    leaving.touch()
    request.getfixturevalue("clients")
    # While a stop of Keepalived refuses clients nobody else admits them.
    os.utime(leaving, (time.time(), time.time()))
    assert done == []
    os.utime(leaving, (time.time() - 60, time.time() - 60))
    until(lambda: "admit" in done)
