"""The `emqx` command: `emqx foreground | stop | ping | version | check_config | eval ... | ctl ...`,
and its helpers."""

from __future__ import annotations

import os
import sys
import time

from . import boot, companion, ctl, layout, rescue
from .control import Broker, NotRunning, Refused
from .judgement import check_config

_STOP_SECONDS = 120


def main(arguments: list[str]) -> int:
    """Carries out one command; the exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    match command:
        case "foreground":
            return boot.foreground()
        case "companion":
            return companion.run()
        case "stop":
            return stop()
        case "ctl":
            return ctl.run(rest)
        case "rescue":
            return rescue.run(rest)
        case "eval":
            return evaluate(" ".join(rest))
        case "ping":
            running = Broker(layout.CONTROL_SOCKET).state() != "stopped"
            print("pong" if running else "Node is not running!")
            return 0 if running else 1
        case "version":
            print(layout.version())
            return 0
        case "check_config":
            return check_config(os.environ)
        case _:
            print(
                "Usage: emqx foreground | stop | ping | version | check_config | eval | ctl", file=sys.stderr
            )
            return 1


def evaluate(expression: str) -> int:
    """What an expression of Erlang is worth on the running broker."""
    broker = Broker(layout.CONTROL_SOCKET)
    try:
        print(broker.ask("eval", expression.rstrip("."))["text"])
    except NotRunning:
        return 1
    except Refused as refusal:
        print(f"RPC to the node error: {refusal}")
        return 1
    return 0


def stop() -> int:
    """Asks the running broker to end and waits for it; 0 also when none runs."""
    broker = Broker(layout.CONTROL_SOCKET)
    try:
        broker.ask("stop", timeout_seconds=_STOP_SECONDS)
    except NotRunning:
        return 0
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    deadline = time.monotonic() + _STOP_SECONDS
    while broker.state() != "stopped" and time.monotonic() < deadline:
        time.sleep(0.1)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
