"""Prints, as JSON, on which node each of the clients named is connected; others are not looked at."""

import json
import sys

from broker.emqx_api import ApiError, call, quote

NOT_FOUND = 404


def main(ids: list[str]) -> int:
    """One after the other, since EMQX has more to do. Those that are connected nowhere are left out."""
    print(json.dumps({client: node for client in ids if (node := node_of(client))}))
    return 0


def node_of(client: str) -> str:
    """In the whole cluster; empty where no node has its connection."""
    try:
        found = call("GET", f"clients/{quote(client)}")
    except ApiError as refusal:
        if refusal.status != NOT_FOUND:
            raise
        return ""
    return str(found["node"]) if found["connected"] else ""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ApiError as reason:
        sys.exit(str(reason))
