"""HAProxy's command sockets: the running worker's own, and the master's, which reaches former workers too."""

import socket

RUNTIME = "/run/haproxy/admin.sock"
MASTER = "/run/haproxy/master.sock"


def ask(path: str, command: str, timeout_seconds: float = 2) -> str:
    """The answer to one line. A connection each: one kept over a reload would stay with the former worker."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_seconds)
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
