"""Reloads HAProxy, whose master is the process named. Exit 0 once a new worker serves, else 1 and why."""

import os
import signal
import sys
import time
from pathlib import Path

from balancer.haproxy_answers import Misread, Processes
from balancer.haproxy_socket import MASTER, ask
from balancer.sessions import workers

LIMIT_SECONDS = 4.5
# For a master that starts anew at this moment.
START_SECONDS = 0.5


def main(master: int) -> int:
    """A signal that was sent is no reload: when a new worker cannot start the master keeps the former one."""
    deadline = time.monotonic() + LIMIT_SECONDS
    former, before = _children(master), _now(time.monotonic() + START_SECONDS)
    os.kill(master, signal.SIGUSR2)
    while time.monotonic() < deadline:
        time.sleep(0.02)
        try:
            now = workers()
            if _serves({*now.running} - former):
                return 0
        except (OSError, Misread):
            # The master starts anew, and so do its sockets; that of 2.4 stays away when the reload failed.
            continue
        if before and now.reloads != before.reloads and now.failed_reloads:
            return _fails("its new worker could not start, and the former one goes on")
    return _fails(f"no new worker serves after {LIMIT_SECONDS} s")


def _children(master: int) -> set[str]:
    """Its workers by the kernel, which knows them when the master does not answer."""
    return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


def _now(deadline: float) -> Processes | None:
    """None where the master does not say: after a reload that failed that of 2.4 has no socket any more."""
    while True:
        try:
            return workers()
        except (OSError, Misread):
            if time.monotonic() > deadline:
                return None
        time.sleep(0.02)


def _serves(new: set[str]) -> bool:
    return bool(new) and all(ask(MASTER, f"@!{pid} show info").startswith("Name: HAProxy") for pid in new)


def _fails(why: str) -> int:
    print(f"HAProxy was not reloaded: {why}. Its journal says more: journalctl -u haproxy", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
