"""Closes sessions that no broker serves or will serve soon, in the running worker and in former ones."""

import re
import threading
import time
from collections import Counter

from balancer import tickets
from balancer.broker_states import Key, Look
from balancer.haproxy_socket import RUNTIME, ask
from balancer.sessions import Emptier, Unknown, workers

TABLE = re.compile(r"^# table: ([^,\s]+),", re.M)
PACE_SECONDS = 1


class Closer:
    """Former workers check no server any more: the running one's looks decide for all."""

    def __init__(self, per_second: int, old_workers: int) -> None:
        self.per_second, self.old_workers = per_second, old_workers
        self.look = Look({})
        closed = [f"closed_{why}_total" for why in ("down", "drain", "gone", "old")]
        self.counts = Counter(dict.fromkeys([*closed, "errors_total", "old_workers"], 0))
        self._news = threading.Event()
        self._failure = ""
        self._paced_at = 0.0
        self._emptiers: dict[tuple[str, str], Emptier] = {}
        # Sessions that were ended and linger until their client has answered.
        self._ended: dict[Key, int] = {}

    def see(self, look: Look) -> None:
        """Takes the newest look; a broker that went down is dealt with at once."""
        news = look.abandoned() - self.look.abandoned()
        self.look = look
        if news:
            self._news.set()

    def run(self) -> None:
        """Once a second, and at news, for ever."""
        while True:
            self._news.wait(max(0, self._paced_at + PACE_SECONDS - time.monotonic()))
            self._news.clear()
            # By the clock: news that come all the time must not keep a broker from draining.
            paced = time.monotonic() >= self._paced_at + PACE_SECONDS
            if paced:
                self._paced_at = time.monotonic()
            self.turn(paced)

    def turn(self, paced: bool) -> None:
        """One step, and the ticket keys when `paced`; what fails is said once, until it changes."""
        failure = ""
        try:
            self.step(paced)
            if paced and (listeners := tickets.renew()):
                print(f"new ticket keys for {listeners} listeners", flush=True)
        except (OSError, ValueError, LookupError) as reason:
            failure = repr(reason)
            self.counts["errors_total"] += 1
        if failure != self._failure:
            print(f"sessions, tickets: {failure or 'well again'}", flush=True)
        self._failure = failure

    def step(self, paced: bool) -> None:
        """Closes what is abandoned, and when `paced` one second's share of what is to be emptied."""
        look, processes = self.look, workers()
        former = processes.former
        self.counts["old_workers"] = len(former)
        living = former + processes.running
        self._emptiers = {key: each for key, each in self._emptiers.items() if key[1] in living}
        down = look.abandoned()
        self._shut_down(look, down)
        for pid in former if down else []:
            # However many: they wait for a broker that does not answer.
            self.counts["closed_down_total"] += self._emptier("down", pid).close(down, 1_000_000)
        if not paced:
            return
        left = self.per_second
        if draining := look.draining():
            _forget(look, draining)
            for pid in living:
                left -= (closed := self._emptier("drain", pid).close(draining, left))
                self.counts["closed_drain_total"] += closed
        # A broker that was taken out of the configuration is about to leave: its clients go at the same pace.
        gone = Unknown(frozenset(look.servers))
        for pid in former:
            left -= (closed := self._emptier("gone", pid).close(gone, left))
            self.counts["closed_gone_total"] += closed
        for pid in former[: max(0, len(former) - self.old_workers)]:
            left -= (closed := self._emptier("old", pid).close(None, left))
            self.counts["closed_old_total"] += closed

    def _shut_down(self, look: Look, down: set[Key]) -> None:
        self._ended = {key: count for key, count in self._ended.items() if key in down}
        for key in down:
            count = look.servers[key].sessions
            if count:
                ask(RUNTIME, f"shutdown sessions server {'/'.join(key)}", 5)
            self.counts["closed_down_total"] += max(0, count - self._ended.get(key, 0))
            self._ended[key] = count

    def _emptier(self, why: str, pid: str) -> Emptier:
        return self._emptiers.setdefault((why, pid), Emptier(pid))


def _forget(look: Look, draining: set[Key]) -> None:
    """Takes draining brokers out of stick tables, which send a known client to its broker while that lives.
    Each balancer does so with its own copy of a table."""
    tables = set(TABLE.findall(ask(RUNTIME, "show table")))
    for backend, name in draining:
        if backend in tables:
            number = look.servers[backend, name].number
            ask(RUNTIME, f"clear table {backend} data.server_id eq {number}", 5)
