"""Exit 0 when HAProxy answers its watcher and runs what it was given last; else prints what is wrong."""

import sys
import time

from balancer.haproxy_answers import Misread
from balancer.sessions import workers
from residents.reports import RUN

# The watcher writes ten times a second.
SILENT_SECONDS = 5


def main() -> int:
    """Prints one line for each thing."""
    found = [*_watcher(), *_reloads()]
    print("\n".join(found))
    return 1 if found else 0


def _watcher() -> list[str]:
    word = RUN / "fault/haproxy"
    try:
        said, age = word.read_text().strip(), time.time() - word.stat().st_mtime
    except OSError as reason:
        return [str(reason)]
    if said != "0":
        return ["haproxy-watch reports a fault"]
    silent = abs(age) > SILENT_SECONDS
    return [f"haproxy-watch has said nothing for {age:.0f} s"] if silent else []


def _reloads() -> list[str]:
    try:
        failed = workers().failed_reloads
    except (OSError, Misread) as reason:
        return [f"HAProxy's master does not answer: {reason}"]
    return ["HAProxy runs a former configuration: its last reload failed"] if failed else []


if __name__ == "__main__":
    sys.exit(main())
