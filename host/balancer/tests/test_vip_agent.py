"""The resident agent against a fake EC2 and a real FIFO."""

import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_aws import PEER, SELF, FakeAws

import balancer.fault
from balancer import vip_agent
from balancer.vip_agent import Agent, VirtualIp
from cloud.aws import Aws
from residents import reports

ELASTIC = {
    "mode": "elasticIp",
    "allocationId": "eipalloc-1",
    "interfaceId": SELF,
    "privateAddress": "10.0.0.9",
}
ROUTE = {"mode": "route", "address": "10.99.0.1", "routeTableIds": ["rtb-1"], "interfaceId": SELF}
PRIVATE = {"mode": "privateIp", "address": "10.0.0.9", "subnetId": "subnet-1", "interfaceId": SELF}


@pytest.fixture(autouse=True)
def run_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for module in (balancer.fault, reports, vip_agent):
        monkeypatch.setattr(module, "RUN", tmp_path)
    monkeypatch.setattr(vip_agent, "FIFO", tmp_path / "notify.fifo")
    monkeypatch.setattr(vip_agent, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(vip_agent, "CONSISTENCY_SECONDS", 0.2)
    return tmp_path


def start(where: dict[str, Any] = ELASTIC) -> Agent:
    # A long advert: a busy test machine must not look like one that was frozen.
    return Agent(VirtualIp(Aws("eu-central-1"), where), 2)


def say(word: str) -> None:
    with vip_agent.FIFO.open("w") as fifo:
        fifo.write(f'INSTANCE "VIP" {word} 150\n')


def until(agent: Agent, condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still {agent.claim} after {seconds} s"
        agent.turn()


def fault(folder: Path) -> str:
    return (folder / "fault/vip").read_text().strip()


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

    def word_meanwhile(connection: Any) -> None:
        # Keepalived speaks while EC2 takes three seconds over something else.
        agent.address.aws.wait = real
        say("MASTER")
        real(connection)

    agent.address.aws.wait = word_meanwhile
    cloud.delays["DescribeAddresses"] = 3
    begun = time.monotonic()
    until(agent, lambda: agent.claim.phase == "held")
    assert time.monotonic() - begun < 2


def test_a_held_address_that_nobody_holds_is_claimed_again(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.holder = None
    until(agent, lambda: cloud.holder == SELF)


def test_a_held_address_on_a_stopped_peer_is_claimed_again(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.holder, cloud.peer_state = PEER, "stopped"
    until(agent, lambda: cloud.holder == SELF)


def test_a_held_address_on_a_running_peer_is_left_there(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.holder = PEER
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
    cloud.holder = PEER
    for _ in range(3):
        until(agent, lambda: agent.claim.phase == "yielded")
        for word in ("FAULT", "BACKUP", "MASTER"):
            say(word)
        agent.turn()
    until(agent, lambda: agent.counts["yields_total"] == 4)
    assert cloud.count("AssociateAddress") == 1


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to HAProxy's clients, in turn."""
    done: list[str] = []
    monkeypatch.setattr(vip_agent, "leave", lambda: done.append("leave"))
    monkeypatch.setattr(vip_agent, "admit", lambda: done.append("admit"))
    return done


def test_a_new_master_admits_clients_at_once(cloud: FakeAws, clients: list[str]) -> None:
    cloud.faults["AssociateAddress"] = [(503, "RequestLimitExceeded")] * 1000
    agent = start()
    say("MASTER")
    # Before EC2 has agreed: a stop of Keepalived may have refused them, and this is its start.
    until(agent, lambda: clients == ["admit"])
    assert cloud.holder == PEER


@pytest.mark.parametrize("word", ["BACKUP", "FAULT", "STOP"])
def test_who_steps_down_admits_clients_once_the_peer_has_the_address(
    cloud: FakeAws, clients: list[str], word: str
) -> None:
    cloud.holder = SELF
    agent = start()
    say(word)
    asked = cloud.count("DescribeAddresses")
    until(agent, lambda: cloud.count("DescribeAddresses") >= asked + 3)
    assert clients == []
    cloud.holder = PEER
    # Sessions that came since Keepalived's word are cut off there, and end before.
    until(agent, lambda: clients == ["leave", "admit"])
    asked = cloud.count("DescribeAddresses")
    until(agent, lambda: cloud.count("DescribeAddresses") >= asked + 2)
    assert clients == ["leave", "admit"]


def test_clients_are_admitted_again_when_no_peer_takes_the_address(
    cloud: FakeAws, clients: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vip_agent, "LEAVE_SECONDS", 0.5)
    cloud.holder = SELF
    agent = start()
    say("STOP")
    begun = time.monotonic()
    until(agent, lambda: clients == ["admit"])
    assert time.monotonic() - begun > 0.4


def test_an_haproxy_that_does_not_answer_does_not_keep_it_from_claiming(
    cloud: FakeAws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise ConnectionRefusedError("no such socket")

    monkeypatch.setattr(vip_agent, "admit", refused)
    agent = start()
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF)
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capfd.readouterr().out
        return "HAProxy: ConnectionRefusedError('no such socket')\n" in said

    until(agent, is_said)


def yielded(cloud: FakeAws, folder: Path) -> Agent:
    """An agent that gave way to its peer and has not heard it since."""
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.holder = PEER
    until(agent, lambda: agent.claim.phase == "yielded")
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
    cloud.holder = PEER
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
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.holder = PEER
    until(agent, lambda: agent.claim.phase == "yielded")
    monkeypatch.setattr(vip_agent, "LOOK_SECONDS", 60)
    agent.advert_seconds = 0.1
    say("FAULT")
    until(agent, lambda: fault(run_folder) == "0")
    say("BACKUP")
    until(agent, lambda: not agent.claim.wary)
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF, 1)


def test_an_agent_started_beside_a_master_asks_what_it_missed(cloud: FakeAws, run_folder: Path) -> None:
    (run_folder / "role").write_text("MASTER")
    cloud.holder = SELF
    agent = start()
    until(agent, lambda: agent.claim.phase == "held")
    assert cloud.count("AssociateAddress") == 0


def test_words_from_before_its_start_are_heard(cloud: FakeAws) -> None:
    os.mkfifo(vip_agent.FIFO)
    keepalived = os.open(vip_agent.FIFO, os.O_RDWR | os.O_NONBLOCK)
    os.write(keepalived, b'INSTANCE "VIP" BACKUP 150\nINSTANCE "VIP" MASTER 150\n')
    agent = start()
    until(agent, lambda: cloud.holder == SELF)
    os.close(keepalived)


def test_a_fifo_that_keepalived_made_anew_is_found(cloud: FakeAws) -> None:
    agent = start()
    until(agent, lambda: len(cloud.calls) >= 1)
    inode = vip_agent.FIFO.stat().st_ino
    os.mkfifo(vip_agent.FIFO.with_name("other"))
    vip_agent.FIFO.with_name("other").replace(vip_agent.FIFO)
    assert vip_agent.FIFO.stat().st_ino != inode
    until(agent, lambda: os.fstat(agent.fifo).st_ino != inode)
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF)


def test_what_it_did_is_told_to_prometheus(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    say("MASTER")
    until(
        agent,
        lambda: (
            "vip_held 1" in (run_folder / "metrics/vip.prom").read_text() if cloud.holder == SELF else False
        ),
    )
    text = (run_folder / "metrics/vip.prom").read_text()
    assert "emqx_haproxy_vip_claims_total 1\n" in text
    assert "emqx_haproxy_vip_master 1\n" in text
