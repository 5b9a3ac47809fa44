"""Prints, as JSON, by link of the chain with a server behind it: the nodes that do not reach it."""

import json
import sys
from typing import Any

from broker.emqx_api import call, quote


def main() -> int:
    """EMQX passes over a link whose server does not answer, and says so in its log alone."""
    print(json.dumps({link: nodes for link in _links() if (nodes := _away(link))}))
    return 0


def _links() -> list[str]:
    chain: list[dict[str, Any]] = call("GET", "authentication")
    return [
        f"{link['mechanism']}:{link.get('backend', '')}".rstrip(":")
        for link in chain
        if link.get("enable", True)
    ]


def _away(link: str) -> dict[str, str]:
    """Node by node; a link without a server is `connected`."""
    told = call("GET", f"authentication/{quote(link)}/status")["node_status"]
    return {each["node"]: each["status"] for each in told if each["status"] != "connected"}


if __name__ == "__main__":
    sys.exit(main())
