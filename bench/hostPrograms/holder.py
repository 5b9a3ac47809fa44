"""One side of connections that stay until it is killed: `accept PORT`, or `connect SOURCE PORT COUNT`."""

import selectors
import signal
import socket
import sys
import time


def accept(port: int) -> None:
    """A broker, to HAProxy's checks too, until SIGUSR1: then it takes nobody more, and keeps whom it has."""
    ready = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    ready.register(listener, selectors.EVENT_READ)

    def stop_listening(*_: object) -> None:
        ready.unregister(listener)
        listener.close()

    signal.signal(signal.SIGUSR1, stop_listening)
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            if connection is listener:
                ready.register(listener.accept()[0], selectors.EVENT_READ)
            elif not _is_open(connection):
                ready.unregister(connection)
                connection.close()


def _is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) != b""
    except OSError:
        return False


def connect(source: str, port: int, count: int) -> None:
    """Clients of one address."""
    kept: list[socket.socket] = []
    while len(kept) < count:
        try:
            kept.append(socket.create_connection(("127.0.0.1", port), 5, (source, 0)))
        except OSError:
            time.sleep(0.01)
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "accept":
        accept(int(words[0]))
    else:
        connect(words[0], int(words[1]), int(words[2]))
