"""Whether haproxy-watch still speaks: it writes its word at every look."""

from residents.reports import RUN

# Looks in a row that found nothing new, 100 ms each: a host that stood still has had one, however long.
LOOKS = 30


class Silence:
    """A watcher that ends is back within a second: no reason to move the address. One that stays away is."""

    def __init__(self) -> None:
        self._last, self._looks = 0, 0

    def lasts(self) -> bool:
        """Whether it does, at one more look. Before its first word Keepalived has a fault anyway."""
        try:
            written = (RUN / "fault/haproxy").stat().st_mtime_ns
        except FileNotFoundError:
            return False
        self._looks = 0 if written != self._last else self._looks + 1
        self._last = written
        return self._looks >= LOOKS
