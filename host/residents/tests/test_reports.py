"""What residents tell others."""

import os
from pathlib import Path

import pytest

from residents import reports


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reports, "RUN", tmp_path)
    return tmp_path


def test_a_report_takes_the_place_of_the_former(run: Path) -> None:
    for text in ("a longer one\n", "short\n"):
        reports.publish("fault/haproxy", text)
        assert (run / "fault/haproxy").read_text() == text
    assert os.listdir(run / "fault") == ["haproxy"]


def test_nothing_is_written_through_a_link_that_lies_in_the_way(run: Path) -> None:
    (run / "victim").write_text("another's\n")
    (run / "metrics").mkdir()
    (run / "metrics/vip.new").symlink_to(run / "victim")
    reports.metrics("vip", {"held": 1})
    assert (run / "victim").read_text() == "another's\n"
    assert not (run / "metrics/vip.prom").exists()
