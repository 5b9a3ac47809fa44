"""The `emqx` command: `emqx foreground | stop | ping | version | check_config | ctl ...`."""

from __future__ import annotations

import os
import sys

from . import ctl, layout, node
from .control import Broker
from .settings import ConfigurationError, load


def main(arguments: list[str]) -> int:
    """Carries out one command; the exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    match command:
        case "foreground":
            return node.foreground()
        case "stop":
            return node.stop()
        case "ctl":
            return ctl.run(rest)
        case "ping":
            running = Broker(layout.CONTROL_SOCKET).state() != "stopped"
            print("pong" if running else "Node is not running!")
            return 0 if running else 1
        case "version":
            print(layout.version())
            return 0
        case "check_config":
            return check_config()
        case _:
            print("Usage: emqx foreground | stop | ping | version | check_config | ctl", file=sys.stderr)
            return 1


def check_config() -> int:
    """Says nothing about a configuration that the broker would start with."""
    try:
        load(layout.CONFIGURATION, os.environ)
    except ConfigurationError as failure:
        print("\n".join(failure.errors), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
