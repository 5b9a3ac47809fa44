"""The resident agent with a fake EC2, and who speaks for Keepalived."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from fake_aws import PEER, SELF, FakeAws

from balancer import vip_agent
from balancer.vip_agent import Agent
from balancer.virtual_ip import VirtualIp
from cloud.aws import Aws

ELASTIC = {
    "mode": "elasticIp",
    "allocationId": "eipalloc-1",
    "interfaceId": SELF,
    "privateAddress": "10.0.0.9",
}
ROUTE = {"mode": "route", "address": "10.99.0.1", "routeTableIds": ["rtb-1"], "interfaceId": SELF}
PRIVATE = {"mode": "privateIp", "address": "10.0.0.9", "subnetId": "subnet-1", "interfaceId": SELF}


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


def taken_from(cloud: FakeAws) -> Agent:
    """An agent that held the address until its peer had it."""
    agent = start()
    say("MASTER")
    until(agent, lambda: agent.claim.phase == "held")
    cloud.move(PEER)
    until(agent, lambda: agent.claim.phase == "yielded")
    return agent
