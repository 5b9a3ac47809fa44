"""What the kernel spends on a new connection while many to the same address and port are open, as JSON.

In a network of its own: an address connects to a port of another, and lastly to a second port of it. Local
ports are as the product sets them. A process has a limited number of descriptors, so several hold them.
"""

import json
import multiprocessing
import socket
import subprocess
import time
from multiprocessing.connection import Connection

HOST, FIRST_PORT, SECOND_PORT = "127.0.0.2", 1883, 20001
# How many are open after each of them; half of the local ports are 32,255.
LEVELS = [1_000, 10_000, 20_000, 30_000, 31_000, 32_000, 33_000, 34_000]
MEASURED = 500
PER_PROCESS = 9_000


def main() -> None:
    """Prints microseconds of processor by how many were open, and of one to the second port at the end."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    settings = ["net.ipv4.ip_local_port_range=1025 65535", "net.core.somaxconn=32768"]
    subprocess.run(["sysctl", "--quiet", "--write", *settings], check=True)
    listening = [socket.create_server((HOST, port), backlog=32_768) for port in (FIRST_PORT, SECOND_PORT)]
    for each in listening:
        for _ in range(LEVELS[-1] // PER_PROCESS + 2):
            multiprocessing.Process(target=accept, args=(each,), daemon=True).start()
    holders: list[Connection] = []
    spent, opened = {}, 0
    for level in LEVELS:
        while opened < level:
            count = min(MEASURED, level - opened)
            if opened % PER_PROCESS == 0:
                holders.append(start_holder())
            microseconds = connect(holders[-1], FIRST_PORT, count)
            opened += count
        spent[level] = microseconds
    print(json.dumps({"byOpen": spent, "secondPort": connect(holders[-1], SECOND_PORT, MEASURED)}))


def accept(listening: socket.socket) -> None:
    """Takes what one process can hold."""
    held: list[tuple[socket.socket, object]] = []
    while len(held) < PER_PROCESS + 2 * MEASURED:
        held.append(listening.accept())
    time.sleep(3_600)


def start_holder() -> Connection:
    """A process that connects as often as it is told, and keeps the connections."""
    here, there = multiprocessing.Pipe()
    multiprocessing.Process(target=hold, args=(there,), daemon=True).start()
    return here


def hold(orders: Connection) -> None:
    """Answers each order of a port and a count with the processor time of one connection."""
    held: list[socket.socket] = []
    while True:
        port, count = orders.recv()
        begun = time.thread_time()
        for _ in range(count):
            held.append(socket.create_connection((HOST, port)))
        orders.send((time.thread_time() - begun) / count * 1e6)


def connect(holder: Connection, port: int, count: int) -> float:
    """Has a process open connections; what one of them cost it, in microseconds."""
    holder.send((port, count))
    answer: float = holder.recv()
    return answer


if __name__ == "__main__":
    main()
