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
    down = said.startswith("down")
    print(f"broker-agent says {said}" if down else "")
    return 1 if down else 0


def agent_says() -> str:
    """The agent's answer to HAProxy."""
    port = json.loads(SETTINGS.read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 3) as connection:
        return connection.recv(200).decode().strip()


if __name__ == "__main__":
    sys.exit(main())
