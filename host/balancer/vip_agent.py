"""Resident on a balancer: makes EC2 send the virtual IP here when Keepalived says so, and keeps it so."""

import json
import os
import random
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from balancer.claim import HELD, IDLE, PENDING, UNSURE, YIELDED, Claim, after
from balancer.fault import fault
from balancer.sessions import admit, leave
from balancer.settings import settings
from cloud.aws import ANSWER_SECONDS, Aws, AwsError
from residents.reports import RUN, metrics, publish, tell_systemd

SETTINGS = Path("/etc/emqx-haproxy/aws.json")
FIFO = RUN / "notify.fifo"
TICK_SECONDS = 0.1
LOOK_SECONDS = 2
# EC2's own reads may lag behind its answers.
CONSISTENCY_SECONDS = 3
RETRY_SECONDS = 2
# A backup that hears nothing becomes master after less than four adverts; some more, to be sure.
SETTLE_SECONDS = 0.2
# Where EC2 finds both impaired, the address is not to go back and forth.
IMPAIRED_SECONDS = 60
# A peer that has not claimed by then does not live.
LEAVE_SECONDS, LEAVE_LOOK_SECONDS = 10, 0.2


def main() -> None:
    """Until killed."""
    own = json.loads(SETTINGS.read_text())
    agent = Agent(VirtualIp(Aws(own["region"]), own["virtualIp"]), settings()["advertMs"] / 1000)
    while True:
        agent.turn()


class Interrupted(Exception):
    """Keepalived spoke before EC2 answered; the call may or may not have been carried out."""

    pass


class VirtualIp:
    """EC2's side of the address, in any of its three modes."""

    def __init__(self, aws: Aws, where: dict[str, Any]) -> None:
        self.aws, self.where, self.interface = aws, where, where["interfaceId"]

    def claim(self) -> None:
        """One idempotent request, one per route table, or one more for an Elastic IP on a private address."""
        where, interface = self.where, {"NetworkInterfaceId": self.interface}
        if where["mode"] == "route":
            for table in where["routeTableIds"]:
                self._ask(
                    "ReplaceRoute",
                    RouteTableId=table,
                    DestinationCidrBlock=f"{where['address']}/32",
                    **interface,
                )
        elif where["mode"] == "privateIp":
            address = {"PrivateIpAddress.1": where["address"]}
            self._ask("AssignPrivateIpAddresses", AllowReassignment="true", **address, **interface)
        if "allocationId" in where:
            mapped = where.get("privateAddress") or where["address"]
            address = {"AllocationId": where["allocationId"], "PrivateIpAddress": mapped}
            self._ask("AssociateAddress", AllowReassociation="true", **address, **interface)

    def holder(self) -> str:
        """Who has it: self, nobody, peer; or what the peer's instance is: dead (not running) or impaired."""
        where = self.where
        if where["mode"] == "route":
            tables = {f"RouteTableId.{n}": table for n, table in enumerate(where["routeTableIds"], 1)}
            routes = self._ask("DescribeRouteTables", **tables).iterfind(".//routeSet/item")
            found = [
                route
                for route in routes
                if route.findtext("destinationCidrBlock") == f"{where['address']}/32"
            ]
        elif where["mode"] == "privateIp":
            query = {"Filter.1.Name": "addresses.private-ip-address", "Filter.1.Value.1": where["address"]}
            # Another VPC may have the same address.
            query |= {"Filter.2.Name": "subnet-id", "Filter.2.Value.1": where["subnetId"]}
            found = self._ask("DescribeNetworkInterfaces", **query).findall("networkInterfaceSet/item")
        else:
            answer = self._ask("DescribeAddresses", **{"AllocationId.1": where["allocationId"]})
            # Its tags are items too.
            found = answer.findall("addressesSet/item")
        others = [item for item in found if item.findtext("networkInterfaceId") != self.interface]
        if not others:
            return "self" if found else "nobody"
        instances = {item.findtext(".//instanceId") or "" for item in others}
        return "nobody" if "" in instances else self._state_of(instances)

    def _state_of(self, instances: set[str]) -> str:
        query = {f"InstanceId.{n}": instance for n, instance in enumerate(instances, 1)}
        try:
            answer = self._ask("DescribeInstanceStatus", IncludeAllInstances="true", **query)
        except AwsError as reason:
            if reason.code == "InvalidInstanceID.NotFound":
                return "dead"
            raise
        states = {state.text for state in answer.iterfind(".//instanceState/name")}
        if "running" not in states:
            return "dead"
        checks = {check.text for check in answer.iterfind("instanceStatusSet/item/*/status")}
        return "impaired" if "impaired" in checks else "peer"

    def _ask(self, action: str, **parameters: str) -> Any:
        return self.aws.ec2(action, **parameters)


class Agent:
    """Keepalived's word in, calls to EC2 and a fault for Keepalived out."""

    def __init__(self, address: VirtualIp, advert_seconds: float) -> None:
        self.address, self.advert_seconds = address, advert_seconds
        address.aws.wait = self._wait
        self.counts = dict.fromkeys(
            ["claims_total", "claim_seconds", "errors_total", "yields_total", "pauses_total"], 0.0
        )
        role = RUN / "role"
        self.role = role.read_text() if role.exists() else "BACKUP"
        # Started anew beside a Keepalived that is master: it says nothing again, so ask EC2.
        self.claim = Claim(UNSURE if self.role == "MASTER" else IDLE)
        self.due = self.since = self.claimed_at = time.monotonic()
        self.attempts, self.said, self.leaving_until = 0, "", 0.0
        fault("vip", False)
        self._open()

    def turn(self) -> None:
        """Waits for Keepalived's word or the next thing due, and deals with it."""
        if self._tick([self.fifo], self.due - time.monotonic()):
            self._hear()
        if time.monotonic() >= self.due:
            self._act()
            self._report()

    def _tick(self, sources: list[Any], wait: float) -> list[Any]:
        begun, wait = time.monotonic(), min(TICK_SECONDS, max(0, wait))
        ready = select.select(sources, [], [], wait)[0]
        # Woken far too late: this host stood still, and its peer may have taken over.
        if time.monotonic() - begun - wait > 3 * self.advert_seconds:
            self.counts["pauses_total"] += 1
            self._on("paused")
        tell_systemd("READY=1\nWATCHDOG=1")
        return ready

    def _wait(self, connection: Any) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not (ready := self._tick([connection, self.fifo], TICK_SECONDS)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer in {ANSWER_SECONDS} s")
        if self.fifo in ready:
            raise Interrupted

    def _hear(self) -> None:
        for line in os.read(self.fifo, 65536).decode().splitlines():
            print(f"keepalived: {line}", flush=True)
            words = line.replace('"', "").split()
            if words[:1] == ["INSTANCE"] and len(words) > 2:
                self.role = words[2].partition("_")[0]
                publish("role", self.role)
                self.leaving_until = time.monotonic() + LEAVE_SECONDS
                if self.role == "MASTER":
                    self._turn_clients(admit)
                self.since = time.monotonic()
                self._on(words[2])
                if self.role == "BACKUP" and self.claim == Claim(IDLE, wary=True):
                    self.due = min(self.due, self.since + SETTLE_SECONDS)

    def _on(self, event: str) -> None:
        before, self.claim = self.claim.phase, after(self.claim, event)
        phase = self.claim.phase
        if phase == before:
            return
        self.due, self.attempts, self.said = time.monotonic(), 0, ""
        if phase == YIELDED:
            print("EC2 gave the address to the peer, which runs: yielding", flush=True)
            self.counts["yields_total"] += 1
            fault("vip", True)
        if before == YIELDED:
            # Long enough for the peer to become master first.
            self.due += 1

    def _act(self) -> None:
        now = time.monotonic()
        self.attempts += 1
        pace: float = LOOK_SECONDS
        try:
            if self.claim.phase == PENDING:
                self.address.claim()
                self.claimed_at = time.monotonic()
                took, whole = (f"{(self.claimed_at - start) * 1000:.1f} ms" for start in (now, self.since))
                print(
                    f"claimed in {took}, {whole} after Keepalived's word, attempt {self.attempts}", flush=True
                )
                self.counts["claims_total"] += 1
                self.counts["claim_seconds"] = self.claimed_at - now
                self._on("claimed")
                pace = CONSISTENCY_SECONDS
            else:
                self._look(now)
        except Interrupted:
            pace = 0
        except AwsError as reason:
            self.counts["errors_total"] += 1
            if reason.code != self.said:
                print(f"{self.claim.phase}: {reason}; trying again", flush=True)
            self.said = reason.code
            pace = min(RETRY_SECONDS, 0.05 * 2 ** min(self.attempts, 9))
        if self.claim.phase in (PENDING, UNSURE) and not self.said:
            pace = 0
        if self.claim == Claim(IDLE, wary=True) and self.role == "BACKUP":
            # Until it has settled it would leave the address to a peer that fails next.
            pace = min(pace, SETTLE_SECONDS)
        elif self.leaving_until:
            pace = LEAVE_LOOK_SECONDS
        self.due = time.monotonic() + pace * random.uniform(0.8, 1)

    def _look(self, now: float) -> None:
        if self.claim.phase == IDLE:
            fault("vip", False)
            if self.role == "BACKUP" and now - self.since > SETTLE_SECONDS + 4 * self.advert_seconds:
                self._on("settled")
        holder = self.address.holder()
        self.said = ""
        if holder == "impaired":
            holder = "dead" if now - self.claimed_at > IMPAIRED_SECONDS else "peer"
        if self.leaving_until and (holder == "peer" or now > self.leaving_until):
            # Whoever still has a session here is cut off. A stop of Keepalived refused clients until now.
            self._turn_clients(*([leave, admit] if holder == "peer" else [admit]))
        if holder == "self" or now - self.claimed_at > CONSISTENCY_SECONDS or self.claim.phase == UNSURE:
            self._on(holder)

    def _turn_clients(self, *steps: Callable[[], None]) -> None:
        def take() -> None:
            try:
                for step in steps:
                    step()
            except OSError as reason:
                print(f"HAProxy: {reason!r}", flush=True)

        self.leaving_until = 0
        # Thousands of sessions take longer than a claim may wait.
        threading.Thread(target=take, daemon=True).start()

    def _report(self) -> None:
        values = {"master": self.role == "MASTER", "held": self.claim.phase == HELD, "wary": self.claim.wary}
        metrics("vip", values | self.counts)
        if not FIFO.exists() or os.stat(FIFO).st_ino != os.fstat(self.fifo).st_ino:
            os.close(self.fifo)
            self._open()

    def _open(self) -> None:
        FIFO.parent.mkdir(parents=True, exist_ok=True)
        if not FIFO.exists():
            os.mkfifo(FIFO, 0o600)
        # Open for writing too, so that it never comes to an end.
        self.fifo = os.open(FIFO, os.O_RDWR | os.O_NONBLOCK)


if __name__ == "__main__":
    main()
