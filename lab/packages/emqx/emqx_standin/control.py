"""Requests over a local socket: a line `COMMAND ARGUMENT...`, percent-encoded; one JSON text back."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote


class NotRunning(Exception):
    """No broker answers on this host."""


class Refused(Exception):
    """The broker answered that it cannot do what was asked."""


class Broker:
    """Who answers on a socket: the broker on this host, or its companion."""

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
        """starting, loading, running or stopping; stopped when nothing answers."""
        try:
            return str(self.ask("state", timeout_seconds=5)["state"])
        except NotRunning:
            return "stopped"


def answer_on(path: Path, answer: Callable[[str, list[str]], Any]) -> None:
    """Answers requests on a socket, each in a thread of its own, for as long as the program runs."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    path.chmod(0o600)
    # Who comes to a full queue of a local socket is refused, not kept waiting.
    listening.listen(1024)

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with connection, connection.makefile() as lines:
            words = lines.readline().strip().split(" ")
            connection.sendall(json.dumps(answer(words[0], [unquote(word) for word in words[1:]])).encode())

    threading.Thread(target=serve, daemon=True).start()


def _read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
