"""Resident on a balancer: tells Keepalived whether HAProxy answers; closes sessions that no broker serves."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from balancer.fault import fault
from balancer.haproxy_socket import RUNTIME, ask
from balancer.sessions import close, workers
from balancer.settings import settings
from balancer.tickets import renew
from residents.reports import RUN, metrics, tell_systemd

SERVERS = "show stat -1 4 -1"
# There while HAProxy is being stopped, and the address is to move first.
STOPPING = RUN / "stopping"
Key = tuple[str, str]


@dataclass(frozen=True)
class Server:
    """A broker in one backend."""

    status: str
    sessions: int

    @property
    def up(self) -> bool:
        """Whether it may serve those that it has."""
        return not self.status.startswith(("DOWN", "MAINT"))


def main() -> None:
    """Asks HAProxy every interval, for ever."""
    own = settings()
    verdict = Verdict(own["graceMs"] / 1000)
    closer = Closer(int(own["drainPerSecond"]), int(own["oldWorkers"]))
    threading.Thread(target=closer.run, daemon=True).start()
    before = None
    while True:
        begun = time.monotonic()
        answer = "ok"
        try:
            closer.see(servers(ask(RUNTIME, SERVERS, own["answerMs"] / 1000)))
        except OSError as reason:
            answer = "hung" if isinstance(reason, TimeoutError) else "dead"
        if STOPPING.exists():
            answer = "stopping"
        if (bad := verdict.after(answer, time.monotonic())) != before:
            print(f"HAProxy is {answer}: fault {int(bad)}", flush=True)
            fault("haproxy", bad)
            before = bad
        metrics("watch", {"fault": bad, "answer_seconds": time.monotonic() - begun, **closer.counts})
        tell_systemd("READY=1\nWATCHDOG=1")
        time.sleep(max(0.01, begun + own["intervalMs"] / 1000 - time.monotonic()))


class Verdict:
    """A dead HAProxy has a grace, in which systemd restarts it; a hung, stopping or new one has none."""

    def __init__(self, grace_seconds: float) -> None:
        self.grace_seconds = grace_seconds
        self.good_until = 0.0

    def after(self, answer: str, now: float) -> bool:
        """Whether Keepalived should see a fault."""
        if answer == "ok":
            self.good_until = now + self.grace_seconds
        elif answer != "dead":
            self.good_until = 0
        return answer != "ok" and now >= self.good_until


def servers(table: str) -> dict[Key, Server]:
    """From `show stat`. A fallback backend checks nothing: its servers are judged by their checked twins."""
    names, *rows = (line.split(",") for line in table.lstrip("# ").splitlines() if line)
    status, sessions = names.index("status"), names.index("scur")
    states = {(row[0], row[1]): row[status] for row in rows}
    return {
        (row[0], row[1]): Server(
            states.get((row[0].replace("fallback_", "brokers_", 1), row[1]), row[status]), int(row[sessions])
        )
        for row in rows
    }


def abandoned(state: dict[Key, Server]) -> set[Key]:
    """Servers that are down, in backends of which at least half is up: else the checks are to blame."""
    up = Counter(backend for (backend, _), server in state.items() if server.up)
    all_of = Counter(backend for backend, _ in state)
    return {key for key, server in state.items() if not server.up and up[key[0]] * 2 >= all_of[key[0]]}


class Closer:
    """Closes sessions, in the running worker and in former ones, which check no server any more."""

    def __init__(self, per_second: int, old_workers: int) -> None:
        self.per_second, self.old_workers = per_second, old_workers
        self.state: dict[Key, Server] = {}
        self.counts = Counter({"closed_down_total": 0, "closed_drain_total": 0, "closed_old_total": 0})
        self._news = threading.Event()
        self._failure = ""

    def see(self, state: dict[Key, Server]) -> None:
        """Takes the newest state; a broker that went down is dealt with at once."""
        if abandoned(state) - abandoned(self.state):
            self._news.set()
        self.state = state

    def run(self) -> None:
        """Once a second, for ever."""
        while True:
            paced = not self._news.wait(1)
            self._news.clear()
            self.turn(paced)

    def turn(self, paced: bool) -> None:
        """One step, and the ticket keys when `paced`; what fails is said once, until it changes."""
        failure = ""
        try:
            self.step(paced)
            if paced and (listeners := renew()):
                print(f"new ticket keys for {listeners} listeners", flush=True)
        except OSError as reason:
            failure = repr(reason)
        if failure != self._failure:
            print(f"sessions, tickets: {failure or 'well again'}", flush=True)
        self._failure = failure

    def step(self, paced: bool) -> None:
        """Closes what is abandoned, and when `paced` one second's share of what is to be emptied."""
        state = self.state
        down = abandoned(state)
        for backend, server in down:
            if count := state[backend, server].sessions:
                ask(RUNTIME, f"shutdown sessions server {backend}/{server}", 5)
                self.counts["closed_down_total"] += count
        running, old = workers()
        for pid in old if down else []:
            self.counts["closed_down_total"] += close(pid, lambda _, *key: key in down)
        if paced:
            left = self.per_second
            draining = {key for key, server in state.items() if server.status.startswith("DRAIN")}
            for pid in old + running if draining else []:
                left -= (closed := close(pid, lambda _, *key: key in draining, left))
                self.counts["closed_drain_total"] += closed
            for pid in old[: max(0, len(old) - self.old_workers)]:
                left -= (closed := close(pid, lambda *_: True, left))
                self.counts["closed_old_total"] += closed
        self.counts["old_workers"] = len(old)


if __name__ == "__main__":
    main()
