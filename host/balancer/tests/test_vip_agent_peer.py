"""How vip-agent and its peer give way to each other."""

import select
import time
from pathlib import Path
from typing import Any

import pytest
from agent import fault, say, start, taken_from, until
from fake_aws import PEER, SELF, FakeAws

from balancer import vip_agent
from balancer.vip_agent import Agent

pytestmark = pytest.mark.usefixtures("run_folder", "on_lo")


def yielded(cloud: FakeAws, folder: Path) -> Agent:
    """An agent that gave way to its peer and has not heard it since."""
    agent = taken_from(cloud)
    say("FAULT")
    until(agent, lambda: fault(folder) == "0")
    return agent


def test_a_peer_that_cannot_be_heard_is_replaced_once_ec2_finds_it_impaired(
    cloud: FakeAws, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vip_agent, "IMPAIRED_SECONDS", 0.5)
    agent = yielded(cloud, run_folder)
    assert "vip_wary 1\n" in (run_folder / "metrics/vip.prom").read_text()
    cloud.peer_check = "impaired"
    say("BACKUP")
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF)
    until(agent, lambda: "vip_wary 0\n" in (run_folder / "metrics/vip.prom").read_text())


def test_two_that_ec2_finds_impaired_do_not_take_the_address_back_at_once(
    cloud: FakeAws, run_folder: Path
) -> None:
    cloud.peer_check = "impaired"
    agent = yielded(cloud, run_folder)
    for word in ("BACKUP", "MASTER"):
        say(word)
    until(agent, lambda: agent.counts["yields_total"] == 2)
    assert (cloud.holder, cloud.count("AssociateAddress")) == (PEER, 1)


def test_after_a_pause_it_asks_before_it_acts(cloud: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    agent.due = time.monotonic() + 60
    agent.advert_seconds = 0.01
    real = select.select

    def frozen(*arguments: Any) -> Any:
        monkeypatch.setattr(select, "select", real)
        found = real(*arguments)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(select, "select", frozen)
    agent.turn()
    agent.advert_seconds = 2
    until(agent, lambda: agent.claim.phase == "yielded")
    assert cloud.count("AssociateAddress") == 1


def test_after_yielding_it_may_claim_as_soon_as_it_has_heard_its_peer(
    cloud: FakeAws, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = taken_from(cloud)
    monkeypatch.setattr(vip_agent, "LOOK_SECONDS", 60)
    agent.advert_seconds = 0.1
    say("FAULT")
    until(agent, lambda: fault(run_folder) == "0")
    say("BACKUP")
    until(agent, lambda: not agent.claim.wary)
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF, 1)
