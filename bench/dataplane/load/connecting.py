"""Clients that connect: briefly, to stay, or again and again beside something else."""

import select
import ssl
import threading
from contextlib import suppress

from client import Client, Target, open_socket, publish_packet
from order import Order

_sessions: dict[str, list[ssl.SSLSession]] = {}
# HTTP, an MQTT level that is none yet, and a message before any CONNECT.
REFUSED = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x10\x0f\x00\x04MQTT\x06\x02\x00\x3c\x00\x03abc",
    publish_packet(b"too/early", b"x"),
)
_held: dict[str, list[Client]] = {}


def connect(order: Order) -> dict[str, int]:
    """One client after the other: connects, is accepted, leaves. May keep or resume TLS sessions."""
    target = order.target
    kept: list[ssl.SSLSession] = []
    resumable = iter(_sessions.get(order.resume, []))
    resumed = failed = 0
    for client_id in order.client_ids:
        try:
            client = Client(target, client_id, next(resumable, None))
        except OSError:
            failed += 1
            continue
        if isinstance(client.socket, ssl.SSLSocket):
            resumed += client.socket.session_reused is True
            # Tickets came before CONNACK, so the session has one by now.
            if order.keep and client.socket.session is not None:
                kept.append(client.socket.session)
        client.leave()
    if order.keep:
        _sessions[order.keep] = kept
    return {"connected": order.count - failed, "failed": failed, "resumed": resumed, "kept": len(kept)}


def refuse(order: Order) -> dict[str, int]:
    """One client after the other that sends what is refused at once, until it is closed."""
    target = order.target
    for number in range(order.count):
        with suppress(ConnectionResetError), open_socket(target) as opened:
            opened.sendall(REFUSED[number % len(REFUSED)])
            if opened.recv(1):
                raise ConnectionError(f"client {number} of those that are refused was answered")
    return {}


def places(order: Order) -> dict[str, list[str]]:
    """The broker of each client id, one after the other."""
    target = order.target
    found = []
    for client_id in order.client_ids:
        client = Client(target, client_id)
        found.append(client.where())
        client.leave()
    return {"brokers": found}


def hold(order: Order) -> dict[str, int]:
    """Connects clients that stay, under their prefix."""
    target = order.target
    clients = [Client(target, client_id) for client_id in order.client_ids]
    _held.setdefault(order.prefix, []).extend(clients)
    return {"held": len(clients)}


def closed(_: Order) -> dict[str, dict[str, int]]:
    """How many clients that were to stay were closed, by prefix; they are forgotten then."""
    counts = {}
    for prefix, clients in _held.items():
        gone = [client for client in clients if _is_closed(client)]
        for client in gone:
            client.socket.close()
            clients.remove(client)
        counts[prefix] = len(gone)
    return {"closed": counts}


def release(_: Order) -> dict[str, int]:
    """Lets all leave that were to stay."""
    count = 0
    for clients in _held.values():
        count += len(clients)
        for client in clients:
            with suppress(OSError):
                client.leave()
    _held.clear()
    return {"released": count}


class Arrivals:
    """New clients one after the other, from `begin` to `end`."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.connected = self.failed = 0

    def begin(self, order: Order) -> dict[str, int]:
        """Beside what else is asked for meanwhile."""
        self.connected = self.failed = 0
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(order.target, order.prefix), daemon=True)
        self._thread.start()
        return {}

    def end(self, _: Order) -> dict[str, int]:
        """How many were accepted and how many not."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        return {"connected": self.connected, "failed": self.failed}

    def _run(self, target: Target, prefix: str) -> None:
        # Some hundred a second: enough for each reload to meet several, and little work beside it.
        while not self._stop.wait(0.003):
            try:
                Client(target, f"{prefix}-{self.connected}").leave()
                self.connected += 1
            except OSError:
                self.failed += 1


def _is_closed(client: Client) -> bool:
    poll = select.poll()
    poll.register(client.socket, select.POLLIN | select.POLLHUP)
    if not poll.poll(0):
        return False
    try:
        client.read()
    except OSError:
        return True
    return False
