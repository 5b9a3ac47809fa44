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

from balancer import memory
from balancer.claim import HELD, IDLE, PENDING, UNSURE, YIELDED, Claim, after
from balancer.clients import Clients
from balancer.fault import fault
from balancer.loopback import on_loopback
from balancer.meanwhile import Call
from balancer.memory import Memory
from balancer.settings import settings
from balancer.silence import Silence
from balancer.virtual_ip import VirtualIp
from cloud.aws import ANSWER_SECONDS, CONNECT_SECONDS, Aws, AwsError
from residents.reports import RUN, metrics, tell_systemd

SETTINGS = Path("/etc/emqx-haproxy/aws.json")
FIFO = RUN / "notify.fifo"
TICK_SECONDS = 0.1
# While something is open; while the address is held; on a balancer that only stands by. Each look is a call
# that AWS counts and logs.
LOOK_SECONDS, HELD_SECONDS, IDLE_SECONDS = 2, 5, 60
# EC2's own reads may lag behind its answers.
CONSISTENCY_SECONDS = 5
RETRY_SECONDS = 2
# A backup that hears nothing becomes master after less than four adverts; some more, to be sure.
SETTLE_SECONDS = 0.2
# Where EC2 finds both impaired, the address is not to go back and forth.
IMPAIRED_SECONDS = 60
# A peer that has not claimed by then does not live.
LEAVE_SECONDS, LEAVE_LOOK_SECONDS = 10, 0.2
# How long the kernel must contradict what Keepalived said last: its word may be on the way.
CONTRADICTION_SECONDS = 1.5
REPORT_SECONDS = 0.5


def main() -> None:
    """Until killed."""
    own = json.loads(SETTINGS.read_text())
    agent = Agent(VirtualIp(Aws(own["region"]), own["virtualIp"]), settings()["advertMs"] / 1000)
    threading.Thread(target=agent.clients.run, daemon=True).start()
    while True:
        agent.turn()


class Interrupted(Exception):
    """Keepalived spoke before EC2 answered; the call may or may not have been carried out."""

    pass


class Agent:
    """Keepalived's word in, calls to EC2 and a fault for Keepalived out."""

    def __init__(self, address: VirtualIp, advert_seconds: float) -> None:
        self.address, self.advert_seconds = address, advert_seconds
        address.aws.wait = self._meanwhile
        totals = ["claims", "errors", "yields", "pauses", "lost_words"]
        self.counts = dict.fromkeys(["claim_seconds", *(f"{name}_total" for name in totals)], 0.0)
        self.clients, self.silence = Clients(), Silence()
        # Killed and started anew it goes on with what it was about: neither Keepalived nor EC2 says it again.
        # After a boot it may not have heard its peer yet.
        known = memory.recalled()
        self.fresh = known is None
        self.known = known or Memory(claim=Claim(IDLE, wary=True))
        self.role, self.claim = self.known.role, self.known.claim
        self.claimed_at, self.leaving_until = self.known.claimed_at, self.known.leaving_until
        self.due = self.since = time.monotonic()
        self.contradicted_since = self.doubted_since = self.fault_until = self.report_at = 0.0
        self.attempts, self.said, self.silent = 0, "", False
        self._open()
        if select.select([self.fifo], [], [], 0)[0]:
            self._hear()
        self._compare(0)

    def turn(self) -> None:
        """Waits for Keepalived's word or the next thing due, and deals with it."""
        if self._tick([self.fifo], self.due - time.monotonic()):
            self._hear()
        if time.monotonic() >= self.report_at:
            self.report_at = time.monotonic() + REPORT_SECONDS
            self._compare(CONTRADICTION_SECONDS)
            self._report()
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
            # By then it has heard its peer again, or is master: it need not be wary for a minute.
            self.due = min(self.due, time.monotonic() + SETTLE_SECONDS + 4 * self.advert_seconds)
        if (silent := self.silence.lasts()) != self.silent:
            print(f"haproxy-watch {'is silent: fault' if silent else 'speaks again'}", flush=True)
        self.silent = silent
        self._tell()
        tell_systemd("READY=1\nWATCHDOG=1")
        return ready

    def _tell(self) -> None:
        """Keepalived, each time: what it has been told does not depend on what was true before."""
        yields = self.claim.phase == YIELDED or time.monotonic() < self.fault_until
        fault("vip", yields or self.silent)

    def _meanwhile(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Carries out a call, and hears Keepalived meanwhile: TLS or a resolver may hold it up."""
        deadline = time.monotonic() + CONNECT_SECONDS + ANSWER_SECONDS
        made = Call(call, *arguments)
        while not (ready := self._tick([made.ready, self.fifo], TICK_SECONDS)):
            if time.monotonic() > deadline:
                made.give_up()
                raise TimeoutError(f"no answer in {CONNECT_SECONDS + ANSWER_SECONDS} s")
        if made.ready in ready:
            return made.outcome()
        made.give_up()
        raise Interrupted

    def _hear(self) -> None:
        for line in os.read(self.fifo, 65536).decode(errors="replace").splitlines():
            print(f"keepalived: {line}", flush=True)
            words = line.replace('"', "").split()
            if words[:1] == ["INSTANCE"] and len(words) > 2:
                self._heard(words[2])

    def _heard(self, word: str) -> None:
        self.contradicted_since = 0.0
        self.role = word.partition("_")[0]
        self.since = time.monotonic()
        self.leaving_until = 0 if self.role == "MASTER" else self.since + LEAVE_SECONDS
        if self.role == "MASTER":
            self.clients.admit()
        self._on(word)
        if self.leaving_until:
            # A standby looks once a minute: until then it would be wary, or refuse clients still.
            self.due = min(self.due, self.since + LEAVE_LOOK_SECONDS)
        self._remember()

    def _compare(self, patience: float) -> None:
        """With the kernel: a word that was read before this program was killed is not said again."""
        try:
            is_master = on_loopback(self.address.own_address)
        except OSError as reason:
            self._complain("kernel", f"what the kernel has on lo: {reason}")
            return
        now = time.monotonic()
        if is_master == (self.role == "MASTER"):
            self.contradicted_since = 0.0
        elif now - (self.contradicted_since or now) >= patience:
            print(
                f"Keepalived is {'master' if is_master else 'no master'}, and its word was lost", flush=True
            )
            self.counts["lost_words_total"] += 1
            self._heard("MASTER" if is_master else "BACKUP")
        elif not self.contradicted_since:
            self.contradicted_since = now

    def _on(self, event: str) -> None:
        before, self.claim = self.claim.phase, after(self.claim, event)
        phase = self.claim.phase
        if phase != before:
            self.due, self.attempts, self.said, self.doubted_since = time.monotonic(), 0, "", 0.0
            if phase == YIELDED:
                print("EC2 gave the address to the peer, which runs: yielding", flush=True)
                self.counts["yields_total"] += 1
            if before == YIELDED:
                # Long enough for the peer to become master first.
                self.fault_until = time.monotonic() + 1
            self._tell()
        self._remember()

    def _act(self) -> None:
        now = time.monotonic()
        self.attempts += 1
        pace: float = {IDLE: IDLE_SECONDS, HELD: HELD_SECONDS}.get(self.claim.phase, LOOK_SECONDS)
        try:
            if self.claim.phase == PENDING:
                self._claim(now)
                pace = CONSISTENCY_SECONDS
            else:
                self._look(now)
            broken = [f"{table}: {why}" for table, why in self.address.broken.items()]
            self._complain("broken" if broken else "", "; ".join(broken))
        except Interrupted:
            pace = 0
        except AwsError as reason:
            self._complain(reason.code, str(reason))
            pace = min(RETRY_SECONDS, 0.05 * 2 ** min(self.attempts, 9))
        else:
            if self.claim.phase == PENDING:
                pace = 0
            elif self.claim.phase == UNSURE:
                pace = SETTLE_SECONDS
            elif self.doubted_since:
                pace = LOOK_SECONDS
        if self.claim == Claim(IDLE, wary=True) and self.role == "BACKUP":
            # Until it has settled it would leave the address to a peer that fails next.
            pace = min(pace, SETTLE_SECONDS)
        elif self.leaving_until:
            pace = LEAVE_LOOK_SECONDS
        self.due = time.monotonic() + pace * random.uniform(0.8, 1)

    def _claim(self, now: float) -> None:
        self.address.claim()
        self.claimed_at, self.fresh = time.monotonic(), False
        took, whole = (f"{(self.claimed_at - start) * 1000:.1f} ms" for start in (now, self.since))
        print(f"claimed in {took}, {whole} after Keepalived's word, attempt {self.attempts}", flush=True)
        self.counts["claims_total"] += 1
        self.counts["claim_seconds"] = self.claimed_at - now
        self._on("claimed")

    def _look(self, now: float) -> None:
        # Long enough to have heard the peer, or to know that there is none to hear.
        is_settled = now - self.since > SETTLE_SECONDS + 4 * self.advert_seconds
        if self.claim.phase == IDLE and self.role == "BACKUP" and is_settled:
            self.fresh = False
            self._on("settled")
        if self.leaving_until and now > self.leaving_until:
            self.leaving_until = 0
            self.clients.admit()
        holder = self.address.holder()
        if holder == "impaired":
            holder = "dead" if now - self.claimed_at > IMPAIRED_SECONDS else "peer"
        if holder == "peer" and self.leaving_until:
            # Whoever still has a session here is cut off.
            self.leaving_until = 0
            self.clients.cut()
        if holder != "peer":
            self.doubted_since = 0.0
        elif self.fresh:
            # The peer may have claimed before this host booted, and be no master any more.
            holder = "dead" if is_settled else "unknown"
        elif self.claim.phase == HELD and not self.doubted_since:
            # Once is no proof: EC2's reads lag.
            self.doubted_since, holder = now, "unknown"
        if holder == "self" or now - self.claimed_at > CONSISTENCY_SECONDS:
            self._on(holder)

    def _complain(self, code: str, text: str) -> None:
        self.counts["errors_total"] += bool(code)
        if code and code != self.said:
            print(f"{self.claim.phase}: {text}; trying again", flush=True)
        self.said = code

    def _remember(self) -> None:
        known = Memory(self.role, self.claim, self.claimed_at, self.leaving_until)
        if known != self.known:
            known.keep()
            self.known = known

    def _report(self) -> None:
        values = {"master": self.role == "MASTER", "held": self.claim.phase == HELD, "wary": self.claim.wary}
        broken = {"broken_routes": len(self.address.broken), "haproxy_errors_total": self.clients.errors}
        metrics("vip", values | broken | self.counts)
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
