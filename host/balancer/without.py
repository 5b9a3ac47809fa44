"""Asked when the other balancer's host does not answer: exit 0 once this one holds the virtual IP."""

import re
import socket
import sys
import time

from residents.reports import RUN

# A takeover takes seconds, unless EC2's API is away.
PATIENCE_SECONDS = 60
INTERVAL_SECONDS = 0.5
# vip-agent writes at each look.
SILENT_SECONDS = 15
SERVES, CANNOT_SAY = 1, 3


def main() -> int:
    """Exit 1: the other one may serve. 3: vip-agent here does not say who has the address."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (held := holds()):
        if time.monotonic() > deadline:
            what = "does not say whether it holds" if held is None else "does not hold"
            print(f"{socket.gethostname()} {what} the virtual IP", file=sys.stderr)
            return CANNOT_SAY if held is None else SERVES
        time.sleep(INTERVAL_SECONDS)
    print(f"{socket.gethostname()} holds the virtual IP")
    return 0


def holds() -> bool | None:
    """By vip-agent's last look; None where it has not looked for a while."""
    report = RUN / "metrics/vip.prom"
    try:
        text, age = report.read_text(), time.time() - report.stat().st_mtime
    except OSError:
        return None
    found = re.search(r"^emqx_haproxy_vip_held (\d)$", text, re.M)
    return found[1] == "1" if found and age < SILENT_SECONDS else None


if __name__ == "__main__":
    sys.exit(main())
