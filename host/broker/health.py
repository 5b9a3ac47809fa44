"""Exit 0 when the agent would let this broker have clients; else prints what it says."""

import json
import socket
import sys
from pathlib import Path

SETTINGS = Path("/etc/emqx-haproxy/agent.json")


def main() -> int:
    """Asks the agent as HAProxy does."""
    try:
        said = agent_says()
    except OSError as reason:
        said = f"down: {reason}"
    up = said.startswith("up")
    print("" if up else f"broker-agent says {said or 'nothing'}")
    return 0 if up else 1


def agent_says() -> str:
    """The agent's answer to HAProxy."""
    port = json.loads(SETTINGS.read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 3) as connection:
        return connection.recv(200).decode().strip()


if __name__ == "__main__":
    sys.exit(main())
