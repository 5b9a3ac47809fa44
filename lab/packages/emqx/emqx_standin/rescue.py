"""`emqx_cluster_rescue`: the way out for a node that waits for others that will not come."""

from __future__ import annotations

from . import layout
from .control import Broker, NotRunning, Refused

_USAGE = """\
    RESCUE THE UNBOOTABLE EMQX CLUSTER

    emqx_cluster_rescue pending-tables      # tables that are waited for
    emqx_cluster_rescue force-load [Tab]    # take what this node has of one, or of all, for the newest
"""


def run(arguments: list[str]) -> int:
    """Carries out one command; the exit status."""
    broker = Broker(layout.CONTROL_SOCKET)
    try:
        match arguments:
            case ["pending-tables"]:
                for table in broker.ask("pending-tables"):
                    print(f"{table} :: waiting")
                print("ok")
            case ["force-load", *tables]:
                print(broker.ask("force-load", *tables)["text"])
            case _:
                print(_USAGE)
    except NotRunning:
        print("Node is not responding to pings.")
        return 1
    except Refused as refusal:
        print(refusal)
        return 1
    return 0
