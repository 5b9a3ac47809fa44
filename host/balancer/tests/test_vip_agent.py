"""What vip-agent claims, against a fake EC2 and a real FIFO."""

import time
from pathlib import Path
from typing import Any

import pytest
from agent import ELASTIC, PRIVATE, ROUTE, fault, say, start, until
from fake_aws import PEER, SELF, FakeAws

from balancer import vip_agent

pytestmark = pytest.mark.usefixtures("run_folder", "on_lo")


@pytest.mark.parametrize(
    ("where", "action"),
    [(ELASTIC, "AssociateAddress"), (ROUTE, "ReplaceRoute"), (PRIVATE, "AssignPrivateIpAddresses")],
)
def test_a_new_master_claims_with_one_request(cloud: FakeAws, where: dict[str, Any], action: str) -> None:
    agent = start(where)
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    assert (cloud.holder, cloud.count(action)) == (SELF, 1)


def test_a_public_private_address_takes_its_elastic_ip_along(cloud: FakeAws) -> None:
    agent = start({**PRIVATE, "allocationId": "eipalloc-1"})
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    claims = [call for call in cloud.calls if not call.startswith("Describe")]
    assert claims == ["AssignPrivateIpAddresses", "AssociateAddress"]


def test_a_backup_claims_nothing(cloud: FakeAws) -> None:
    agent = start()
    say("BACKUP")
    until(agent, lambda: len(cloud.calls) >= 3)
    assert "AssociateAddress" not in cloud.calls


def test_throttled_and_failing_claims_are_repeated_until_one_is_confirmed(cloud: FakeAws) -> None:
    cloud.faults["AssociateAddress"] = [(503, "RequestLimitExceeded"), (0, ""), (500, "InternalError")]
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    assert cloud.holder == SELF
    assert agent.counts["errors_total"] >= 2


def test_a_claim_is_given_up_when_keepalived_steps_down(cloud: FakeAws) -> None:
    cloud.faults["AssociateAddress"] = [(503, "RequestLimitExceeded")] * 1000
    agent = start()
    say("MASTER")
    until(agent, lambda: cloud.count("AssociateAddress") >= 2)
    say("BACKUP")
    until(agent, lambda: agent.claim.phase == "idle")
    cloud.faults.clear()
    asked = cloud.count("AssociateAddress")
    until(agent, lambda: cloud.count("DescribeAddresses") >= 3)
    assert (cloud.count("AssociateAddress"), cloud.holder) == (asked, PEER)


def test_a_hanging_look_does_not_delay_a_claim(cloud: FakeAws) -> None:
    agent = start()
    until(agent, lambda: cloud.count("DescribeAddresses") >= 1)
    real = agent.address.aws.wait

    def word_meanwhile(*call: Any) -> Any:
        # Keepalived speaks while EC2 takes three seconds over something else.
        agent.address.aws.wait = real
        say("MASTER")
        return real(*call)

    agent.address.aws.wait = word_meanwhile
    cloud.delays["DescribeAddresses"] = 3
    begun = time.monotonic()
    until(agent, lambda: agent.claim.phase == "held")
    assert time.monotonic() - begun < 2


def test_a_held_address_that_nobody_holds_is_claimed_again(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(None)
    until(agent, lambda: cloud.holder == SELF)


def test_a_held_address_on_a_stopped_peer_is_claimed_again(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    cloud.peer_state = "stopped"
    until(agent, lambda: cloud.holder == SELF)


def test_a_held_address_on_a_running_peer_is_left_there(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    until(agent, lambda: fault(run_folder) == "1")
    say("FAULT")
    # The fault goes, so that Keepalived can become backup.
    until(agent, lambda: fault(run_folder) == "0")
    say("BACKUP")
    say("MASTER")
    until(agent, lambda: fault(run_folder) == "1")
    assert (cloud.holder, cloud.count("AssociateAddress")) == (PEER, 1)


def test_two_masters_that_cannot_hear_each_other_do_not_steal_back_and_forth(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    for _ in range(3):
        until(agent, lambda: agent.claim.phase == "yielded")
        for word in ("FAULT", "BACKUP", "MASTER"):
            say(word)
        agent.turn()
    until(agent, lambda: agent.counts["yields_total"] == 4)
    assert cloud.count("AssociateAddress") == 1


@pytest.mark.parametrize("action", ["DescribeAddresses", "AssociateAddress"])
@pytest.mark.parametrize("answer", ["no xml", "<Response><Unended>", "\ufffd"])
def test_answers_that_are_no_answers_are_errors_that_pass(cloud: FakeAws, action: str, answer: str) -> None:
    cloud.faults[action] = [(200, answer)] * 2
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held" and cloud.count("DescribeAddresses") >= 3)
    assert agent.counts["errors_total"] >= (2 if action == "DescribeAddresses" else 0)


def test_a_standby_asks_ec2_seldom(cloud: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("IDLE_SECONDS", 60), ("HELD_SECONDS", 5), ("LOOK_SECONDS", 2)):
        monkeypatch.setattr(vip_agent, name, seconds)
    agent = start()
    agent._act()
    assert agent.due - time.monotonic() > 40
    assert vip_agent.HELD_SECONDS >= 5
