"""What a host says of itself."""

import json
import socket
import threading
from pathlib import Path

import pytest

import health


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A balancer that is well; `active` lists what systemd runs."""
    known = 'grep -qx "$unit" "$(dirname "$0")/active"'
    script = f'shift; for unit in "$@"; do {known} && echo active || echo failed; done'
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "active").write_text("haproxy\nvip-agent\n")
    (tmp_path / "fault").write_text("0\n")
    for name in ("SETTINGS", "FAULT", "AGENT"):
        monkeypatch.setattr(health, name, tmp_path / name.lower())
    settings(tmp_path, "balancer")
    return tmp_path


def settings(folder: Path, role: str) -> None:
    (folder / "settings").write_text(json.dumps({"role": role, "enable": ["haproxy", "vip-agent"]}))


def test_a_balancer_that_is_well(host: Path) -> None:
    assert health.main([]) == 0


def test_a_service_that_is_down_is_named(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "active").write_text("haproxy\n")
    assert health.main([]) == 1
    assert capsys.readouterr().out == "vip-agent is failed\n"


def test_a_haproxy_that_its_watcher_finds_at_fault(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "fault").write_text("1\n")
    assert health.main([]) == 1
    assert "haproxy-watch" in capsys.readouterr().out


def test_it_may_be_given_time(host: Path) -> None:
    (host / "fault").write_text("1\n")
    timer = threading.Timer(0.2, lambda: (host / "fault").write_text("0\n"))
    timer.start()
    assert health.main(["--wait", "10"]) == 0


@pytest.mark.parametrize(
    ("said", "code"), [("up ready 100%", 0), ("up drain", 0), ("down #not in its cluster", 1)]
)
def test_a_broker_is_as_its_agent_says(host: Path, said: str, code: int) -> None:
    settings(host, "broker")
    with socket.create_server(("127.0.0.1", 0)) as agent:
        (host / "agent").write_text(json.dumps({"port": agent.getsockname()[1]}))
        thread = threading.Thread(target=lambda: agent.accept()[0].sendall(f"{said}\n".encode()))
        thread.start()
        assert health.main([]) == code
        thread.join()
