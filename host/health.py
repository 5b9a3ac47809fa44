"""Exit 0 when this host does its part of the service; else prints what is wrong."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

SETTINGS = Path("/etc/emqx-haproxy/apply.json")
FAULT = Path("/run/emqx-haproxy/fault/haproxy")
AGENT = Path("/etc/emqx-haproxy/agent.json")


def main(arguments: list[str]) -> int:
    """`--wait SECONDS` gives it that long."""
    deadline = time.monotonic() + float(arguments[1] if arguments else 0)
    while (problems := found()) and time.monotonic() < deadline:
        time.sleep(0.5)
    print("\n".join(problems))
    return 1 if problems else 0


def found() -> list[str]:
    """Services that are not active, and what the one that watches says when all is not well."""
    settings = json.loads(SETTINGS.read_text())
    command = ["systemctl", "is-active", *settings["enable"]]
    states = subprocess.run(command, capture_output=True, text=True).stdout.split()
    pairs = zip(settings["enable"], states, strict=True)
    problems = [f"{unit} is {state}" for unit, state in pairs if state not in ("active", "reloading")]
    try:
        if settings["role"] == "broker":
            if (said := agent_says()).startswith("down"):
                problems.append(f"broker-agent says {said}")
        elif FAULT.read_text().strip() != "0":
            problems.append("haproxy-watch reports a fault")
    except OSError as reason:
        problems.append(str(reason))
    return problems


def agent_says() -> str:
    """The broker's agent's answer to HAProxy."""
    port = json.loads(AGENT.read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 3) as connection:
        return connection.recv(200).decode().strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
