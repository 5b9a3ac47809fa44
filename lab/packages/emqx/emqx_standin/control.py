"""Asks the running broker, over the socket of emqx_control."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote


class NotRunning(Exception):
    """No broker answers on this host."""


class Refused(Exception):
    """The broker answered that it cannot do what was asked."""


class Broker:
    """The broker on this host."""

    def __init__(self, control_socket: Path) -> None:
        self._path = control_socket

    def ask(self, command: str, *arguments: str, timeout_seconds: float = 30) -> Any:
        """The answer to one command, as JSON says it."""
        line = " ".join([command, *(quote(argument, safe="") for argument in arguments)])
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(timeout_seconds)
                connection.connect(str(self._path))
                connection.sendall(line.encode() + b"\n")
                answer = _read_all(connection)
        except OSError as error:
            raise NotRunning(str(error)) from error
        if not answer:
            raise NotRunning("the broker ended while it was asked")
        value = json.loads(answer)
        if isinstance(value, dict) and "error" in value:
            raise Refused(str(value["error"]))
        return value

    def state(self) -> str:
        """starting, running or stopping; stopped when nothing answers."""
        try:
            return str(self.ask("state", timeout_seconds=5)["state"])
        except NotRunning:
            return "stopped"


def _read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
