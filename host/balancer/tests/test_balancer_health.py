"""What a balancer says of itself."""

import os
import time
from pathlib import Path

import pytest

from balancer import health
from balancer.haproxy_answers import Processes


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A balancer that is well."""
    monkeypatch.setattr(health, "RUN", tmp_path)
    monkeypatch.setattr(health, "workers", lambda: Processes(["7"], [], 3, 0))
    (tmp_path / "fault").mkdir()
    (tmp_path / "fault/haproxy").write_text("0\n")
    return tmp_path


def test_one_that_is_well(host: Path) -> None:
    assert health.main() == 0


def test_what_its_watcher_says(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "fault/haproxy").write_text("1\n")
    assert health.main() == 1
    assert capsys.readouterr().out == "haproxy-watch reports a fault\n"


@pytest.mark.parametrize("word", [None, ""])
def test_a_watcher_that_has_said_nothing_yet(host: Path, word: str | None) -> None:
    (host / "fault/haproxy").unlink()
    if word is not None:
        (host / "fault/haproxy").write_text(word)
    assert health.main() == 1


def test_a_watcher_that_says_nothing_any_more(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.utime(host / "fault/haproxy", (0, time.time() - 60))
    assert health.main() == 1
    assert "haproxy-watch has said nothing for 60 s" in capsys.readouterr().out


def test_a_reload_that_failed(
    host: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "workers", lambda: Processes(["7"], [], 4, 1))
    assert health.main() == 1
    assert "its last reload failed" in capsys.readouterr().out


def test_a_master_that_does_not_answer(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> Processes:
        raise ConnectionRefusedError

    monkeypatch.setattr(health, "workers", refused)
    assert health.main() == 1
