"""What a balancer says of the other one that does not answer any more."""

import os
import time
from pathlib import Path

import pytest

from balancer import without


@pytest.fixture(autouse=True)
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """vip-agent's, of a balancer that holds the address."""
    monkeypatch.setattr(without, "RUN", tmp_path)
    monkeypatch.setattr(without, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(without, "INTERVAL_SECONDS", 0)
    (tmp_path / "metrics").mkdir()
    path = tmp_path / "metrics/vip.prom"
    path.write_text("emqx_haproxy_vip_master 1\nemqx_haproxy_vip_held 1\n")
    return path


def test_the_pair_does_without_the_other_once_this_one_holds_the_address() -> None:
    assert without.main() == 0


def test_it_is_waited_for(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report.write_text("emqx_haproxy_vip_held 0\n")
    monkeypatch.setattr(time, "sleep", lambda _: report.write_text("emqx_haproxy_vip_held 1\n"))
    assert without.main() == 0


def test_the_other_may_serve_as_long_as_this_one_does_not(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.write_text("emqx_haproxy_vip_held 0\n")
    assert without.main() == 1
    assert "does not hold the virtual IP" in capsys.readouterr().err


@pytest.mark.parametrize("age", [None, 60])
def test_a_watcher_that_says_nothing_cannot_say(report: Path, age: int | None) -> None:
    if age is None:
        report.unlink()
    else:
        os.utime(report, (0, time.time() - age))
    assert without.main() == 3
