"""Ports for programs that tests start, and that cannot choose one themselves."""

import contextlib
import random
import socket

handed_out: set[int] = set()


def free_port() -> int:
    """
    One that nothing listens on, and that no other call gets. It is below those that the kernel gives to
    connections and to listeners of port 0, any of which could take it before the program does.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        if port in handed_out:
            continue
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            handed_out.add(port)
            return port
    raise AssertionError("none of a hundred ports is free")
