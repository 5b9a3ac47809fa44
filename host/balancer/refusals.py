"""How many clients HAProxy turned away, by listener and reason: haproxy.cfg counts in tables."""

import re
import time

from balancer.haproxy_answers import Misread, entries, number, statistics, tables
from balancer.haproxy_socket import RUNTIME, ask

TABLES = "refusals_"
COUNT = re.compile(r"\bgpc0=(\d+)")
# HAProxy counts handshakes that failed, whatever for; its log has the reasons.
HANDSHAKES = "ssl_failed_handshake"
LOOK_SECONDS = 5

Counts = dict[tuple[str, str], int]


class Refusals:
    """Looks every few seconds; the counts begin anew with each worker, as Prometheus expects of counters."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self._look_at = 0.0

    def look(self, answer_seconds: float) -> None:
        """An answer that does not come is told of elsewhere, by who watches HAProxy."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        try:
            self.counts = refused(answer_seconds)
        except (OSError, Misread):
            self.counts = {}

    def metrics(self) -> dict[str, float]:
        """A value for each listener and reason that was met."""
        return {
            f'refused_total{{listener="{listener}",why="{why}"}}': count
            for (listener, why), count in sorted(self.counts.items())
        }


def refused(answer_seconds: float) -> Counts:
    """By listener and reason, since the running worker began."""
    counts: Counts = {}
    for table in tables(ask(RUNTIME, "show table", answer_seconds)):
        if table.startswith(TABLES):
            found = entries(ask(RUNTIME, f"show table {table}", answer_seconds))
            counts |= {(table.removeprefix(TABLES), why): _count(stored) for why, stored in found}
    return counts | _handshakes(answer_seconds)


def _count(stored: str) -> int:
    found = COUNT.search(stored)
    if found is None:
        raise Misread(f"show table: no gpc0: {stored[:80]!r}")
    return int(found[1])


def _handshakes(answer_seconds: float) -> Counts:
    table = ask(RUNTIME, "show stat -1 1 -1", answer_seconds)
    # One without TLS may not count them.
    if statistics(table, ("pxname",)) and HANDSHAKES not in table:
        return {}
    rows = statistics(table, ("pxname", HANDSHAKES))
    return {(listener, "tls"): number(count) for listener, count in rows if count not in ("", "0")}
