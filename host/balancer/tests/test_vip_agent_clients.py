"""What vip-agent does to HAProxy's clients when the address moves."""

import time

import pytest
from agent import say, start, until
from fake_aws import PEER, SELF, FakeAws

from balancer import clients as haproxy_clients
from balancer import vip_agent
from balancer.clients import Clients

pytestmark = pytest.mark.usefixtures("run_folder", "on_lo")


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
