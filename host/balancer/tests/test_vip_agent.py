"""The resident agent against a fake EC2 and a real FIFO."""

import errno
import os
import random
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fake_aws import PEER, SELF, FakeAws

import balancer.fault
from balancer import clients as haproxy_clients
from balancer import memory, silence, vip_agent
from balancer.claim import UNSURE, Claim
from balancer.clients import Clients
from balancer.memory import Memory
from balancer.vip_agent import Agent
from balancer.virtual_ip import VirtualIp
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
    for module in (balancer.fault, haproxy_clients, memory, reports, silence, vip_agent):
        monkeypatch.setattr(module, "RUN", tmp_path)
    monkeypatch.setattr(vip_agent, "FIFO", tmp_path / "notify.fifo")
    monkeypatch.setattr(vip_agent, "CONSISTENCY_SECONDS", 0.2)
    for name in ("LOOK_SECONDS", "HELD_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(vip_agent, name, 0.1)
    # One that has heard its peer since this host booted.
    Memory().keep()
    return tmp_path


@pytest.fixture(autouse=True)
def on_lo(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What Keepalived has put on lo."""
    there: set[str] = set()
    monkeypatch.setattr(vip_agent, "on_loopback", there.__contains__)
    Keepalived.on_lo = there
    return there


class Keepalived:
    """The one that `say` speaks for."""

    on_lo: ClassVar[set[str]]


def start(where: dict[str, Any] = ELASTIC) -> Agent:
    # A long advert: a busy test machine must not look like one that was frozen.
    return Agent(VirtualIp(Aws("eu-central-1"), where), 2)


def say(word: str) -> None:
    """As Keepalived does, once it has put the addresses on lo or taken them away."""
    Keepalived.on_lo.clear()
    if word.startswith("MASTER"):
        Keepalived.on_lo.update(["10.0.0.9", "10.99.0.1"])
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


def carry_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = getattr(Clients, name)

    def wanted(clients: Clients) -> None:
        real(clients)
        clients.turn()

    monkeypatch.setattr(Clients, name, wanted)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to HAProxy's clients, in turn."""
    done: list[str] = []
    # At once, as its thread would.
    for name in ("admit", "cut"):
        carry_out(monkeypatch, name)
    monkeypatch.setattr(haproxy_clients, "leave", lambda _: done.append("leave"))
    monkeypatch.setattr(haproxy_clients, "admit", lambda: done.append("admit"))
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
    cloud.move(SELF)
    agent = start()
    say(word)
    asked = cloud.count("DescribeAddresses")
    until(agent, lambda: cloud.count("DescribeAddresses") >= asked + 3)
    assert clients == []
    cloud.move(PEER)
    # Sessions that came since Keepalived's word are cut off there, and end before.
    until(agent, lambda: clients == ["leave", "admit"])
    asked = cloud.count("DescribeAddresses")
    until(agent, lambda: cloud.count("DescribeAddresses") >= asked + 2)
    assert clients == ["leave", "admit"]


def test_a_standby_whose_keepalived_was_restarted_does_not_stay_closed_until_its_next_look(
    cloud: FakeAws, clients: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vip_agent, "IDLE_SECONDS", 60)
    agent = start()
    say("BACKUP")
    until(agent, lambda: "admit" in clients)
    until(agent, lambda: agent.due > time.monotonic() + 30)
    clients.clear()
    # What a stop of Keepalived has closed is to be open again.
    say("STOP")
    say("BACKUP")
    until(agent, lambda: "admit" in clients)


def test_clients_are_admitted_again_when_no_peer_takes_the_address(
    cloud: FakeAws, clients: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vip_agent, "LEAVE_SECONDS", 0.5)
    cloud.move(SELF)
    agent = start()
    say("STOP")
    begun = time.monotonic()
    until(agent, lambda: clients == ["admit"])
    assert time.monotonic() - begun > 0.4


def yielded(cloud: FakeAws, folder: Path) -> Agent:
    """An agent that gave way to its peer and has not heard it since."""
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
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
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
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
    Memory("MASTER", Claim(UNSURE)).keep()
    Keepalived.on_lo.add("10.0.0.9")
    cloud.move(SELF)
    agent = start()
    until(agent, lambda: agent.claim.phase == "held")
    assert cloud.count("AssociateAddress") == 0


def test_words_from_before_its_start_are_heard(cloud: FakeAws) -> None:
    os.mkfifo(vip_agent.FIFO)
    keepalived = os.open(vip_agent.FIFO, os.O_RDWR | os.O_NONBLOCK)
    os.write(keepalived, b'INSTANCE "VIP" BACKUP 150\nINSTANCE "VIP" MASTER 150\n')
    Keepalived.on_lo.add("10.0.0.9")
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


def test_killed_while_it_claims_it_goes_on_claiming(cloud: FakeAws, run_folder: Path) -> None:
    cloud.faults["AssociateAddress"] = [(503, "RequestLimitExceeded")] * 1000
    agent = start()
    say("MASTER")
    until(agent, lambda: cloud.count("AssociateAddress") >= 1)
    # EC2 calls a dead peer running for minutes.
    again = start()
    cloud.faults.clear()
    until(again, lambda: again.claim.phase == "held")
    assert (cloud.holder, again.counts["yields_total"], fault(run_folder)) == (SELF, 0, "0")


def test_killed_when_it_has_yielded_it_still_tells_the_fault(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    until(agent, lambda: agent.claim.phase == "yielded")
    again = start()
    again.turn()
    assert (again.claim, fault(run_folder)) == (Claim("yielded", True), "1")


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"role": "MASTER"}', '{"claim": {"phase": 1, "what": 2}}'])
def test_what_it_kept_and_cannot_read_is_as_after_a_boot(run_folder: Path, kept: str) -> None:
    (run_folder / "vip/state.json").write_text(kept)
    assert start().claim == Claim(wary=True)


def test_restarts_at_any_moment_claim_nothing_and_tell_no_fault(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    chance = random.Random(3)
    for _ in range(int(os.environ.get("RESTARTS", "30"))):
        agent = start()
        for _ in range(chance.randrange(4)):
            agent.turn()
        assert (agent.claim, fault(run_folder)) == (Claim("held"), "0")
    assert cloud.count("AssociateAddress") == 1


@pytest.mark.parametrize("role", ["MASTER", "BACKUP"])
def test_a_word_that_was_read_and_lost_is_had_from_the_kernel(cloud: FakeAws, role: str) -> None:
    """Killed between reading the FIFO and acting."""
    agent = start()
    say("BACKUP" if role == "MASTER" else "MASTER")
    agent.turn()
    say(role)
    os.read(agent.fifo, 65536)
    again = start()
    assert again.role == role
    if role == "MASTER":
        until(again, lambda: cloud.holder == SELF)


def test_a_word_that_is_lost_meanwhile_is_had_from_the_kernel(
    cloud: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vip_agent, "CONTRADICTION_SECONDS", 0.3)
    monkeypatch.setattr(vip_agent, "REPORT_SECONDS", 0.05)
    agent = start()
    say("MASTER")
    os.read(agent.fifo, 65536)
    until(agent, lambda: cloud.holder == SELF)
    assert agent.counts["lost_words_total"] == 1


def test_a_full_run_folder_does_not_end_it(cloud: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(memory, "publish", full)
    monkeypatch.setattr(reports, "publish", full)
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")


def test_a_fault_that_another_wrote_does_not_stay(cloud: FakeAws, run_folder: Path) -> None:
    agent = start()
    balancer.fault.fault("vip", True)
    until(agent, lambda: fault(run_folder) == "0")


def test_a_watcher_that_stays_away_is_a_fault_one_that_comes_back_is_none(
    cloud: FakeAws, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = run_folder / "fault/haproxy"
    balancer.fault.fault("haproxy", False)
    agent = start()
    monkeypatch.setattr(vip_agent, "TICK_SECONDS", 0.001)
    for number in range(3):
        for _ in range(silence.LOOKS - 1):
            agent._tick([], 1)
        assert fault(run_folder) == "0"
        os.utime(watched, (number, number))
    until(agent, lambda: fault(run_folder) == "1")
    os.utime(watched, (9, 9))
    until(agent, lambda: fault(run_folder) == "0")


def test_after_a_boot_a_master_for_a_moment_claims_nothing(cloud: FakeAws, run_folder: Path) -> None:
    """It hears nothing for a moment, and its peer is well."""
    (run_folder / "vip/state.json").unlink()
    agent = start()
    say("MASTER")
    until(agent, lambda: cloud.count("DescribeAddresses") >= 3)
    say("BACKUP")
    until(agent, lambda: agent.claim.phase == "idle")
    assert (cloud.count("AssociateAddress"), fault(run_folder)) == (0, "0")


@pytest.mark.parametrize(("holder", "seconds"), [(PEER, 3), (None, 3)])
def test_after_a_boot_a_master_that_stays_claims(
    cloud: FakeAws, run_folder: Path, holder: str | None, seconds: float
) -> None:
    (run_folder / "vip/state.json").unlink()
    cloud.move(holder)
    agent = start()
    agent.advert_seconds = 0.3
    say("MASTER")
    until(agent, lambda: cloud.holder == SELF, seconds)
    assert agent.counts["yields_total"] == 0


def test_one_read_that_lags_does_not_make_it_yield(cloud: FakeAws) -> None:
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    until(agent, lambda: time.monotonic() - agent.claimed_at > vip_agent.CONSISTENCY_SECONDS)
    real = agent.address.holder
    answers = iter(["peer"])
    agent.address.holder = lambda: next(answers, None) or real()  # type: ignore[method-assign]
    asked = cloud.count("DescribeAddresses")
    until(agent, lambda: cloud.count("DescribeAddresses") >= asked + 3)
    assert (agent.claim.phase, agent.counts["yields_total"]) == ("held", 0)


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
