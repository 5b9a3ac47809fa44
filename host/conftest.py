"""Fixtures that more than one suite uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from agent import Keepalived
from fake_aws import FakeAws
from fake_emqx import FakeEmqx
from machine import Machine

import balancer.fault
from balancer import clients as haproxy_clients
from balancer import memory, silence, vip_agent
from balancer.memory import Memory
from residents import reports


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A host of its own: real paths in a mount namespace, recorded systemctl. Needs root."""
    with Machine() as made:
        yield made


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Instance metadata, EC2 and Secrets Manager on loopback, which aws.py takes for the real ones."""
    with FakeAws() as made:
        made.stand_in(monkeypatch)
        yield made


@pytest.fixture
def emqx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEmqx]:
    """EMQX's API, command line and files, which the broker's programs take for the real ones."""
    made = FakeEmqx(tmp_path)
    made.stand_in(monkeypatch)
    yield made
    made.stop()


@pytest.fixture
def run_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for module in (balancer.fault, haproxy_clients, memory, reports, silence, vip_agent):
        monkeypatch.setattr(module, "RUN", tmp_path)
    monkeypatch.setattr(vip_agent, "FIFO", tmp_path / "notify.fifo")
    monkeypatch.setattr(vip_agent, "CONSISTENCY_SECONDS", 0.2)
    for name in ("LOOK_SECONDS", "HELD_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(vip_agent, name, 0.1)
    # One that has heard its peer since this host booted.
    Memory().keep()
    return tmp_path


@pytest.fixture
def on_lo(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What Keepalived has put on lo."""
    there: set[str] = set()
    monkeypatch.setattr(vip_agent, "on_loopback", there.__contains__)
    Keepalived.on_lo = there
    return there
