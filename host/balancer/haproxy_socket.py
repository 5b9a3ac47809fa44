"""HAProxy's command sockets: the running worker's own, and the master's, which reaches former workers too."""

import socket
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator

RUNTIME = "/run/haproxy/admin.sock"
MASTER = "/run/haproxy/master.sock"


def ask(path: str, command: str, timeout_seconds: float = 2) -> str:
    """The whole answer to one line."""
    return "".join(parts(path, command, timeout_seconds))


def parts(path: str, command: str, timeout_seconds: float = 2) -> Iterator[str]:
    """The answer to one line, as it comes. A connection each: one kept over a reload would stay with the
    former worker, and the master of HAProxy 2.4 leaves out some of several lines."""
    decoder = getincrementaldecoder("utf-8")("replace")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_seconds)
        _connect(connection, path, timeout_seconds)
        connection.sendall(command.encode() + b"\n")
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            yield decoder.decode(part)


def _connect(connection: socket.socket, path: str, timeout_seconds: float) -> None:
    """The kernel says at once that there is no room for one more: one that takes nobody does not answer."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return connection.connect(path)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: no room for one more that asks") from None
            time.sleep(0.05)
