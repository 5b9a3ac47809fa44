"""What residents tell others."""

import os
import socket
import threading
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


def test_a_systemd_that_does_not_listen_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)

        def tell() -> None:
            for _ in range(5000):
                reports.tell_systemd("WATCHDOG=1")

        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        telling.join(20)
        assert not telling.is_alive()
        assert systemd.recv(100) == b"WATCHDOG=1"
    reports.tell_systemd("WATCHDOG=1")
