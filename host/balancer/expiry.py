"""When certificates and revocation lists end: a list that is past its next update refuses every client."""

import base64
import re
import time
from datetime import datetime, timezone
from pathlib import Path

from balancer.revocation import SEQUENCE, TIMES, elements, first

FOLDER = Path("/etc/haproxy/certs")
BLOCK = re.compile(r"-----BEGIN (CERTIFICATE|X509 CRL)-----(.*?)-----END \1-----", re.S)
LOOK_SECONDS = 60
WARNING_SECONDS, DAY_SECONDS = 14 * 86_400, 86_400


class Expiry:
    """Looks once a minute; says once a day what ends within two weeks, or the last third of its time."""

    def __init__(self) -> None:
        self.seconds_left: dict[str, float] = {}
        self._look_at = 0.0
        self._say_at: dict[str, float] = {}

    def look(self) -> None:
        """What cannot be read is no reason to stop watching HAProxy: it says so itself."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        self.seconds_left = {}
        for path in sorted(FOLDER.glob("*.pem")):
            try:
                text = path.read_text()
                left, margin = ends(text) - time.time(), warning_seconds(text)
            except (OSError, ValueError) as reason:
                self._say(path, f"cannot be read: {reason!r}", now)
                continue
            self.seconds_left[path.name] = left
            if left < margin:
                days = f"{abs(left) / DAY_SECONDS:.1f} days"
                self._say(path, f"ends in {days}" if left > 0 else f"ended {days} ago", now)

    def metrics(self) -> dict[str, float]:
        """A value for each file."""
        return {f'expires_seconds{{file="{name}"}}': left for name, left in self.seconds_left.items()}

    def _say(self, path: Path, what: str, now: float) -> None:
        if now >= self._say_at.get(path.name, 0):
            print(f"{path} {what}", flush=True)
            self._say_at[path.name] = now + DAY_SECONDS


def ends(pem: str) -> float:
    """When the first of the certificates and lists in a file ends, in seconds since 1970."""
    return lifetime(pem)[1]


def warning_seconds(pem: str) -> float:
    """How long before its end a file is told of: not all the time where a list is renewed each week."""
    return min([WARNING_SECONDS, *((end - begin) / 3 for begin, end in _lifetimes(pem))])


def lifetime(pem: str) -> tuple[float, float]:
    """From when to when that one is valid, in seconds since 1970."""
    return min(_lifetimes(pem), key=lambda times: times[1])


def _lifetimes(pem: str) -> list[tuple[float, float]]:
    found = [_lifetime(base64.b64decode(body)) for _, body in BLOCK.findall(pem)]
    if not found:
        raise ValueError("no certificate and no revocation list")
    return found


def _lifetime(der: bytes) -> tuple[float, float]:
    fields = list(elements(first(first(der))))
    # A list has its dates among its fields, a certificate in a sequence of their own.
    found = [field for field in fields if field[0] in TIMES]
    for tag, content in fields:
        inner = list(elements(content)) if tag == SEQUENCE and not found else []
        if len(inner) == 2 and all(kind in TIMES for kind, _ in inner):
            found = inner
    if not found:
        raise ValueError("no dates in it")
    # A list without a next update never ends.
    return _seconds(*found[0]), _seconds(*found[1]) if len(found) > 1 else float("inf")


def _seconds(tag: int, text: bytes) -> float:
    # UTCTime has two digits of the year, GeneralizedTime four.
    form = "%y%m%d%H%M%SZ" if tag == TIMES[0] else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode(), form).replace(tzinfo=timezone.utc).timestamp()
