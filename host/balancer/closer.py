"""Closes sessions that no broker serves or will serve soon, in the running worker and in former ones."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection

from balancer import tickets
from balancer.broker_states import Key, Look
from balancer.haproxy_answers import tables
from balancer.haproxy_socket import RUNTIME, ask
from balancer.sessions import Emptier, Unknown, workers

PACE_SECONDS = 1
# A worker that stands still costs each question its whole time: it is passed over for so long.
PASSED_OVER_SECONDS = 30
FAILURES = (OSError, ValueError, LookupError)


class Closer:
    """Former workers check no server any more: the running one's looks decide for all."""

    def __init__(self, per_second: int, old_workers: int) -> None:
        self.per_second, self.old_workers = per_second, old_workers
        self.look = Look({})
        closed = [f"closed_{why}_total" for why in ("down", "drain", "gone", "old")]
        self.counts = Counter(dict.fromkeys([*closed, "errors_total", "old_workers"], 0))
        self._news = threading.Event()
        self._failure = ""
        # By worker that did not do as asked: why, and until when it is passed over.
        self._troubles: dict[str, tuple[str, float]] = {}
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
        failures = [
            *self._attempt(lambda: self.step(paced)),
            *(self._attempt(self._renew_tickets) if paced else []),
            *(f"worker {pid}: {why}" for pid, (why, _) in sorted(self._troubles.items())),
        ]
        failure = "; ".join(failures)
        self.counts["errors_total"] += bool(failure)
        if failure != self._failure:
            print(f"sessions, tickets: {failure or 'well again'}", flush=True)
        self._failure = failure

    @staticmethod
    def _attempt(work: Callable[[], None]) -> list[str]:
        try:
            work()
            return []
        except FAILURES as reason:
            return [repr(reason)]

    @staticmethod
    def _renew_tickets() -> None:
        if listeners := tickets.renew():
            print(f"new ticket keys for {listeners} listeners", flush=True)

    def step(self, paced: bool) -> None:
        """Closes what is abandoned, and when `paced` one second's share of what is to be emptied."""
        look, processes = self.look, workers()
        former = processes.former
        self.counts["old_workers"] = len(former)
        living = processes.running + former
        now = time.monotonic()
        if paced:
            self._troubles = {
                pid: each for pid, each in self._troubles.items() if pid in living and now < each[1]
            }
        self._emptiers = {key: each for key, each in self._emptiers.items() if key[1] in living}
        down = look.abandoned()
        self._shut_down(look, down)
        for pid in former if down else []:
            # However many: they wait for a broker that does not answer. One by one: a former worker ends
            # none by their server ("Proxy is disabled.").
            self._close("down", pid, down, 1_000_000)
        if not paced:
            return
        left = self.per_second
        if draining := look.draining():
            _forget(look, draining)
            for pid in living:
                left -= self._close("drain", pid, draining, left)
        # A broker that was taken out of the configuration is about to leave: its clients go at the same pace.
        gone = Unknown(frozenset(look.servers))
        for pid in former:
            left -= self._close("gone", pid, gone, left)
        for pid in former[: max(0, len(former) - self.old_workers)]:
            left -= self._close("old", pid, None, left)

    def _close(self, why: str, pid: str, wanted: Collection[Key] | Unknown | None, limit: int) -> int:
        """How many it closed. One that does not answer is no reason to leave the others as they are."""
        if time.monotonic() < self._troubles.get(pid, ("", 0.0))[1]:
            return 0
        try:
            closed = self._emptiers.setdefault((why, pid), Emptier(pid)).close(wanted, limit)
        except FAILURES as reason:
            pause = PASSED_OVER_SECONDS if isinstance(reason, TimeoutError) else 0
            self._troubles[pid] = (repr(reason), time.monotonic() + pause)
            return 0
        self._troubles.pop(pid, None)
        self.counts[f"closed_{why}_total"] += closed
        return closed

    def _shut_down(self, look: Look, down: set[Key]) -> None:
        self._ended = {key: count for key, count in self._ended.items() if key in down}
        for key in down:
            count = look.servers[key].sessions
            if count:
                ask(RUNTIME, f"shutdown sessions server {'/'.join(key)}", 5)
            self.counts["closed_down_total"] += max(0, count - self._ended.get(key, 0))
            self._ended[key] = count


def _forget(look: Look, draining: set[Key]) -> None:
    """Takes draining brokers out of stick tables, which send a known client to its broker while that lives.
    Each balancer does so with its own copy of a table."""
    known = tables(ask(RUNTIME, "show table"))
    for backend, name in draining:
        if backend in known:
            number = look.servers[backend, name].number
            ask(RUNTIME, f"clear table {backend} data.server_id eq {number}", 5)
