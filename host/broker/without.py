"""Asked when another broker's host does not answer, or has stopped without leaving: whether the cluster does
without it. One that is not planned any more is forgotten."""

import socket
import subprocess
import sys
import time

from broker.cluster import members, planned
from broker.emqx_ctl import emqx_ctl

# A peer that is frozen or cut off counts as running for two minutes, EMQX's net tick time.
PATIENCE_SECONDS = 130
INTERVAL_SECONDS = 1.0
FORGET_SECONDS = 60
SERVES, CANNOT_SAY = 1, 3


def main(node: str) -> int:
    """Exit 0: the node does not serve. 1: it does. 3: EMQX here does not say."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (known := members()) is None or node in known.running:
        if time.monotonic() > deadline:
            if known is None:
                print(f"EMQX on {socket.gethostname()} does not say who is in the cluster", file=sys.stderr)
                return CANNOT_SAY
            print(f"{node} runs in the cluster", file=sys.stderr)
            return SERVES
        time.sleep(INTERVAL_SECONDS)
    if node not in known.stopped:
        print(f"{node} is not in the cluster")
    elif node in planned():
        # Its database is on its volume: a node that was forgotten does not start from it again.
        print(f"{node} does not run; its place in the cluster is kept")
    else:
        forget(node)
    return 0


def forget(node: str) -> None:
    """What came of it, by the cluster's own word: the command's exit code tells nothing."""
    try:
        said = emqx_ctl("cluster", "force-leave", node, seconds=FORGET_SECONDS)
    except (OSError, subprocess.SubprocessError) as reason:
        said = repr(reason)
    known = members()
    if known is not None and node not in known.stopped:
        print(f"{node} does not run and is forgotten")
    else:
        print(f"{node} does not run and is not forgotten: {' '.join(said.split())}; EMQX does so after a day")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
