"""Asked before a broker's host is replaced or EMQX restarted: exit 0 when the cluster can spare that node."""

import socket
import sys
import time

from broker import health
from broker.cluster import members, planned

PATIENCE_SECONDS = 60
INTERVAL_SECONDS = 1.0


def main(arguments: list[str]) -> int:
    """`NODE` of a neighbour; or this host's own `NODE --own NODE...`, with all that are to be in the cluster.
    Waits a while for what is about to be well; else prints what is in the way."""
    node, *words = arguments
    own = words[:1] == ["--own"]
    # Of those that go or come with the set nobody waits for any.
    others = planned() & frozenset(words[1:]) if own else planned()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while problem := in_the_way(node, others, own):
        if time.monotonic() > deadline:
            what = "restarted" if own else "replaced"
            print(f"{node} is not {what} now: {problem}; mend that first", file=sys.stderr)
            return 1
        time.sleep(INTERVAL_SECONDS)
    return 0


def in_the_way(node: str, others: frozenset[str], own: bool) -> str:
    """Why the others cannot do without it; nothing when they can, or when it does nothing for them."""
    known = members()
    if known is None:
        return "" if own else f"EMQX on {socket.gethostname()} does not say who is in the cluster"
    if node not in known.running:
        return ""
    missing = sorted(others - known.running)
    if missing:
        return f"{', '.join(missing)} {'does' if len(missing) == 1 else 'do'} not run in the cluster"
    if own:
        return ""
    try:
        said = health.agent_says()
    except OSError as reason:
        said = f"down: {reason}"
    return f"broker-agent on {socket.gethostname()} says {said}" if said.startswith("down") else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
