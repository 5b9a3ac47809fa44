"""Asked before another broker's host is replaced: exit 0 when the cluster can do without that node."""

import socket
import sys
import time

from broker import health
from broker.cluster import members, planned

PATIENCE_SECONDS = 60
INTERVAL_SECONDS = 1.0


def main(node: str) -> int:
    """Waits a while for what is about to be well; else prints what is in the way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while problem := in_the_way(node):
        if time.monotonic() > deadline:
            print(f"{node} is not replaced now: {problem}; mend that first", file=sys.stderr)
            return 1
        time.sleep(INTERVAL_SECONDS)
    return 0


def in_the_way(node: str) -> str:
    """Why the others cannot do without it; nothing when they can, or when it does nothing for them."""
    known = members()
    if known is None:
        return f"EMQX on {socket.gethostname()} does not say who is in the cluster"
    if node not in known.running:
        return ""
    missing = sorted(planned() - known.running)
    if missing:
        return f"{', '.join(missing)} {'does' if len(missing) == 1 else 'do'} not run in the cluster"
    try:
        said = health.agent_says()
    except OSError as reason:
        said = f"down: {reason}"
    return f"broker-agent on {socket.gethostname()} says {said}" if said.startswith("down") else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
