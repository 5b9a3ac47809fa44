"""What vip-agent makes of what it missed: a restart, a boot, a lost word."""

import errno
import os
import random
import time
from pathlib import Path

import pytest
from agent import Keepalived, fault, say, start, taken_from, until
from fake_aws import PEER, SELF, FakeAws

from balancer import fault as fault_file
from balancer import memory, silence, vip_agent
from balancer.claim import UNSURE, Claim
from balancer.memory import Memory
from residents import reports

pytestmark = pytest.mark.usefixtures("run_folder", "on_lo")


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
    taken_from(cloud)
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
    fault_file.fault("vip", True)
    until(agent, lambda: fault(run_folder) == "0")


def test_a_watcher_that_stays_away_is_a_fault_one_that_comes_back_is_none(
    cloud: FakeAws, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = run_folder / "fault/haproxy"
    fault_file.fault("haproxy", False)
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
