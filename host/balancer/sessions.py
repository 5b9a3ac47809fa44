"""HAProxy's sessions, of former workers too, and how to end them."""

import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from balancer import haproxy_answers
from balancer.haproxy_answers import (
    NO_WORKER,
    STATISTICS,
    Processes,
    Session,
    identity,
    number,
    statistics,
)
from balancer.haproxy_socket import MASTER, RUNTIME, ask, parts
from residents.reports import RUN

Key = tuple[str, str]
# A worker's sessions are listed no more often than so many times of what a list takes.
LIST_SHARE = 20
# A worker that serves thousands takes a while.
ANSWER_SECONDS = 5.0
# Touched by a stop that refuses clients: nobody is to admit them meanwhile.
LEAVING = "leaving"


def workers() -> Processes:
    """Those of the running HAProxy."""
    return haproxy_answers.processes(ask(MASTER, "show proc"))


def close(pid: str, chosen: Callable[[Session], bool]) -> int:
    """Ends a worker's sessions that are chosen; how many."""
    # Listed to the end before one is closed: HAProxy's answer would wait for its reader meanwhile.
    found = [session for session in _listed(pid) if chosen(session)]
    for session in found:
        _end(pid, session)
    return len(found)


@dataclass(frozen=True)
class Unknown:
    """Servers that the running configuration has no more, of backends that it still has."""

    known: frozenset[Key]

    def __contains__(self, key: Key) -> bool:
        return key not in self.known and any(key[0] == backend for backend, _ in self.known)


class Emptier:
    """Closes one worker's sessions a few at a time. It lists them once for many: to list 50,000 costs HAProxy
    and this program 0.3 s."""

    def __init__(self, pid: str) -> None:
        self.pid = pid
        self._wanted: frozenset[Key] | Unknown | None = None
        self._known: deque[Session] = deque()
        self._list_at = 0.0

    def close(self, wanted: Collection[Key] | Unknown | None, limit: int) -> int:
        """Ends up to `limit` sessions on the wanted servers, or on any; how many."""
        keys = wanted if wanted is None or isinstance(wanted, Unknown) else frozenset(wanted)
        if keys != self._wanted:
            self._wanted, self._list_at = keys, 0.0
            self._known.clear()
        if not self._known and time.monotonic() >= self._list_at and self._has_any(keys):
            begun = time.monotonic()
            self._known.extend(s for s in _listed(self.pid) if keys is None or s[2:] in keys)
            self._list_at = time.monotonic() + LIST_SHARE * (time.monotonic() - begun)
        closed = 0
        while self._known and closed < limit:
            session = self._known.popleft()
            # HAProxy may have given its name to another since.
            if identity(ask(MASTER, f"@!{self.pid} show sess {session.id}", ANSWER_SECONDS)) == session:
                _end(self.pid, session)
                closed += 1
        return closed

    def _has_any(self, keys: frozenset[Key] | Unknown | None) -> bool:
        """By counters, as far as a worker tells them: a former one of 2.4 tells none."""
        table = ask(MASTER, f"@!{self.pid} show stat -1 4 -1", ANSWER_SECONDS)
        if table.startswith(NO_WORKER):
            return False
        rows = statistics(table, ("pxname", "svname", "scur"))
        counts = [
            number(count) for backend, server, count in rows if keys is None or (backend, server) in keys
        ]
        return not rows or any(counts)


def leave(goes_on: Callable[[], bool] = lambda: True) -> None:
    """Refuses clients and ends all sessions: told at once, they try again until the address has moved.
    Whatever fails, the rest is done; then the first failure is raised."""
    failures: list[Exception] = []

    def attempt(work: Callable[[], object]) -> None:
        try:
            if goes_on():
                work()
        except (OSError, ValueError) as reason:
            failures.append(reason)

    def end_those_of_servers() -> None:
        for row in _rows(4):
            attempt(partial(_shut_down, *row))

    def end_those_of_former_workers() -> None:
        for pid in workers().former:
            attempt(partial(close, pid, lambda _: goes_on()))

    for work in (lambda: _listeners("disable"), end_those_of_servers, end_those_of_former_workers):
        attempt(work)
    if failures:
        raise failures[0]


def admit() -> None:
    """Takes clients again."""
    _listeners("enable")


def _listeners(verb: str) -> None:
    for name, _ in _rows(1):
        if name != STATISTICS:
            ask(RUNTIME, f"{verb} frontend {name}")


def _shut_down(backend: str, server: str) -> None:
    ask(RUNTIME, f"shutdown sessions server {backend}/{server}", ANSWER_SECONDS)


def _rows(kind: int) -> list[list[str]]:
    return statistics(ask(RUNTIME, f"show stat -1 {kind} -1"), ("pxname", "svname"))


def _listed(pid: str) -> list[Session]:
    return list(haproxy_answers.sessions(parts(MASTER, f"@!{pid} show sess", ANSWER_SECONDS)))


def _end(pid: str, session: Session) -> None:
    ask(MASTER, f"@!{pid} shutdown session {session.id}", ANSWER_SECONDS)


if __name__ == "__main__":
    (RUN / LEAVING).touch()
    leave()
