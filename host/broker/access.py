"""What EMQX takes while it runs: told after each start, and by this program at a change; then read back."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from broker.administration import administer
from broker.emqx_api import ApiError, call
from broker.emqx_ctl import emqx_ctl
from broker.settings import gone_ones_taken_back, remember, wanted
from broker.users import tell_users
from residents.reports import RUN

EXPECTED = Path("/etc/emqx-haproxy/access.json")
SECRETS = [Path(f"/etc/emqx-haproxy/secrets/{name}.hocon") for name in ("node", "access")]
RELOAD = ("conf", "reload", "--replace")
PATIENCE_SECONDS = 30
# The agent has a watchdog: it rather comes again.
AGENT_PATIENCE_SECONDS = 5
# What EMQX, its command line and files may answer instead of what is expected.
FAILURES = (
    *(ApiError, OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError),
    subprocess.SubprocessError,
)


def main() -> int:
    """Exit 0 when EMQX has taken the change."""
    try:
        with _alone(PATIENCE_SECONDS):
            _wait_for_start()
            _reload()
            tell()
            administer()
    except FAILURES as reason:
        print(f"EMQX has not taken the change: {reason}", file=sys.stderr)
        return 1
    return 0


class Teller:
    """Tells EMQX after a start, until it has taken it; what stands in the way is printed once."""

    def __init__(self) -> None:
        self._said = ""

    def told(self) -> bool:
        """Whether EMQX asks whom it should."""
        problem = ""
        try:
            with _alone(AGENT_PATIENCE_SECONDS):
                tell()
                self._administer()
        except FAILURES as reason:
            problem = f"who may connect: {reason!r}"
        if problem and problem != self._said:
            print(problem, flush=True)
        self._said = problem
        return not problem

    @staticmethod
    def _administer() -> None:
        """Clients do not wait for the dashboard."""
        try:
            administer()
        except FAILURES as reason:
            print(f"who administers EMQX: {reason!r}", flush=True)


def tell() -> None:
    """Users first, then what is in force: a link of the chain that this node could not make is found here."""
    tell_users()
    remember(wanted())
    expected: dict[str, Any] = json.loads(EXPECTED.read_text())
    links = [
        f"{link['mechanism']}:{link.get('backend', '')}".rstrip(":") for link in _enabled("authentication")
    ]
    if links != expected["authentication"]:
        raise ApiError(0, f"EMQX asks {links or 'nobody'} instead of {expected['authentication']}")
    sources = [source["type"] for source in _enabled("authorization/sources")]
    if sources != ["file"]:
        raise ApiError(0, f"EMQX has rules from {sources or 'nowhere'} instead of its file")
    no_match = call("GET", "authorization/settings")["no_match"]
    if no_match != expected["noMatch"]:
        raise ApiError(0, f"EMQX's answer without a rule is {no_match} instead of {expected['noMatch']}")


def _enabled(path: str) -> list[dict[str, Any]]:
    answer = call("GET", path)
    found: list[dict[str, Any]] = answer["sources"] if isinstance(answer, dict) else answer
    return [each for each in found if each.get("enable", True)]


def _wait_for_start() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            call("GET", "authentication")
            return
        except ApiError as reason:
            # It is up: after a restore it knows a former key, until it has read the file of keys.
            if reason.status == 401:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"not up within {PATIENCE_SECONDS} s: {reason}") from None
        time.sleep(0.5)


def _reload() -> None:
    """By its output: the exit code tells of the command, not of its effect."""
    with gone_ones_taken_back() as roots:
        output = emqx_ctl(*RELOAD, seconds=60)
    for root in ("authentication", "authorization", "listeners", *roots):
        if not re.search(rf"^load {root} on \S+ ok", output, re.M):
            raise RuntimeError(f"`emqx ctl {' '.join(RELOAD)}`: {_reason(output)}")


def _reason(output: str) -> str:
    """EMQX shows the settings that it refuses, secrets too: those stay here."""
    for path in SECRETS:
        for text in re.findall(r'"((?:[^"\\]|\\.)+)"', path.read_text() if path.exists() else ""):
            output = output.replace(text, "***")
    told = [
        line for line in output.splitlines() if re.match(r"(Root key|Reason|.*failed|.*error)", line, re.I)
    ]
    return "; ".join(told or output.splitlines()[-3:])[:2000]


@contextmanager
def _alone(patience_seconds: float) -> Iterator[None]:
    RUN.mkdir(parents=True, exist_ok=True)
    # Whoever can open it can hold it.
    with open(os.open(RUN / "access.lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w") as lock:
        os.fchmod(lock.fileno(), 0o600)
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OSError(f"another run of it takes more than {patience_seconds} s") from None
                time.sleep(0.1)
        yield


if __name__ == "__main__":
    sys.exit(main())
