"""The brokers as HAProxy sees them, and which of them are to lose their sessions."""

from collections.abc import Iterator
from dataclasses import dataclass

from balancer.haproxy_answers import FRONTEND, SERVER, STATISTICS, number, statistics

Key = tuple[str, str]
# Frontends and servers.
QUERY = "show stat -1 5 -1"
COLUMNS = ("pxname", "svname", "type", "status", "scur", "sid")


@dataclass(frozen=True)
class Server:
    """A broker in one backend; `number` is its id in stick tables."""

    status: str
    sessions: int
    number: str = ""

    @property
    def down(self) -> bool:
        """Whether it serves nobody."""
        return self.status.startswith(("DOWN", "MAINT"))

    @property
    def draining(self) -> bool:
        """Whether it serves those that it has, and is to get no others."""
        return self.status.startswith("DRAIN")


@dataclass(frozen=True)
class Look:
    """What HAProxy said at one moment."""

    servers: dict[Key, Server]
    closed_listeners: tuple[str, ...] = ()

    def abandoned(self) -> set[Key]:
        """Servers that are down for sure."""
        return {key for key, server in self._judged() if server.down}

    def draining(self) -> set[Key]:
        """Servers whose sessions have somewhere else to go."""
        return {key for key, server in self._judged() if server.draining}

    def _judged(self) -> Iterator[tuple[Key, Server]]:
        """Leaves out backends of which fewer are usable than down: there the checks are more likely wrong
        than the brokers. haproxy.cfg sends clients to the fallback by the same rule."""
        for key, server in self.servers.items():
            peers = [other for (backend, _), other in self.servers.items() if backend == key[0]]
            down = sum(other.down for other in peers)
            usable = sum(not other.down and not other.draining for other in peers)
            if usable and usable >= down:
                yield key, server


def look(table: str) -> Look:
    """From QUERY. A fallback backend checks nothing: its servers are judged by their checked twins."""
    rows = statistics(table, COLUMNS)
    states = {(row[0], row[1]): row[3] for row in rows if row[2] == SERVER}
    servers = {
        (backend, name): Server(
            states.get((backend.replace("fallback_", "brokers_", 1), name), status), number(sessions), sid
        )
        for backend, name, kind, status, sessions, sid in rows
        if kind == SERVER
    }
    closed = tuple(row[0] for row in rows if row[2] == FRONTEND and row[0] != STATISTICS and row[3] != "OPEN")
    return Look(servers, closed)
