"""Before this host is replaced or removed: moves the clients, leaves the cluster by name, stops EMQX."""

import argparse
import contextlib
import re
import select
import subprocess
import sys

from apply.saying import say
from broker import broker_agent
from broker.cluster import members
from broker.emqx_ctl import emqx_ctl
from residents.left import leave

LEAVE_SECONDS = 60
# It has stopped, and the others may still count it among them: one of them is to see to it.
NOT_FORGOTTEN = 4


def main() -> int:
    """A host that is to go is not kept by what it cannot do any more, and says what it leaves behind.
    It stays, with its clients, only where nobody listens any more before it has left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, required=True, help="seconds for the clients to move")
    timeout = parser.parse_args().timeout
    known, has_left = members(), True
    if known is None:
        has_left = False
        say("EMQX does not answer: no client was moved, the cluster was not left")
    elif len(known.running) < 2:
        say("no other broker runs: the clients have nowhere to go, and the data stays here")
    else:
        with contextlib.suppress(BrokenPipeError):
            broker_agent.drain(timeout, is_heard)
        if not is_heard():
            broker_agent.DRAIN.unlink(missing_ok=True)
            return 1
        has_left = left_cluster()
    leave(["emqx"])
    return 0 if has_left else NOT_FORGOTTEN


def is_heard() -> bool:
    """Whether someone still reads what this prints: `pulumi up` may have been killed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not poll.poll(0)


def left_cluster() -> bool:
    """By the cluster's own word: the command's exit code tells nothing."""
    try:
        output = emqx_ctl("cluster", "leave", seconds=LEAVE_SECONDS)
    except (OSError, subprocess.SubprocessError) as reason:
        output = repr(reason)
    has_left = re.search(r"^Leave the cluster successfully", output, re.M) is not None
    say("left the cluster" if has_left else f"did not leave the cluster: {' '.join(output.split())}")
    return has_left


if __name__ == "__main__":
    sys.exit(main())
