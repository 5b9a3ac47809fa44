"""HAProxy's sessions, of former workers too, and how to end them."""

import re
from collections.abc import Callable

from balancer.haproxy_socket import MASTER, RUNTIME, ask

SESSION = re.compile(r"^(0x\w+): .* src=(\S+) .*be=(\S+) srv=([^<\s]\S*)", re.M)
WORKER = re.compile(r"^(\d+)\s+worker\s+(\d+)", re.M)


def workers() -> tuple[list[str], list[str]]:
    """Process ids: of the running worker, and of former ones, the oldest first."""
    parts = ask(MASTER, "show proc").partition("# old workers")
    # The oldest has seen the most reloads.
    running, former = (sorted(WORKER.findall(part), key=lambda found: -int(found[1])) for part in parts[::2])
    return [pid for pid, _ in running], [pid for pid, _ in former]


def close(pid: str, chosen: Callable[[str, str, str], bool], limit: int | None = None) -> int:
    """Ends a worker's sessions that are `chosen` by source, backend and server; how many."""
    sessions = SESSION.findall(ask(MASTER, f"@!{pid} show sess", 5))
    found = [session for session, *facts in sessions if chosen(*facts)][:limit]
    for start in range(0, len(found), 100):
        commands = [f"@!{pid} shutdown session {session}" for session in found[start : start + 100]]
        ask(MASTER, ";".join(commands), 5)
    return len(found)


def leave() -> None:
    """Refuses clients and ends all sessions: told at once, they try again until the address has moved."""
    _listeners("disable")
    for backend, server in _rows(4):
        ask(RUNTIME, f"shutdown sessions server {backend}/{server}")
    for pid in workers()[1]:
        close(pid, lambda *_: True)


def admit() -> None:
    """Takes clients again."""
    _listeners("enable")


def _listeners(verb: str) -> None:
    for name, _ in _rows(1):
        if name != "stats":
            ask(RUNTIME, f"{verb} frontend {name}")


def _rows(kind: int) -> list[list[str]]:
    return [row.split(",")[:2] for row in ask(RUNTIME, f"show stat -1 {kind} -1").splitlines()[1:] if row]


if __name__ == "__main__":
    leave()
