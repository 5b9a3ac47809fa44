"""Clients that stay whatever happens: each in a thread of its own, connecting again when it is lost."""

import threading
import time
from contextlib import suppress

from client import PINGREQ, Client, Target
from order import Order

# A device notices a silent broker by its keepalive, most of them later than this one.
PING_SECONDS = 1.0
SILENCE_SECONDS = 3.0
ATTEMPT_SECONDS = 3.0
RETRY_SECONDS = 0.02
POLL_SECONDS = 0.01


class Staying:
    """The clients of one balancer."""

    def __init__(self) -> None:
        self._clients: list[_Stayer] = []

    def begin(self, order: Order) -> dict[str, dict[str, int]]:
        """Connects them and says how many each broker has."""
        target = order.target
        self._clients = [_Stayer(target, client_id) for client_id in order.client_ids]
        counts: dict[str, int] = {}
        for client in self._clients:
            counts[client.broker] = counts.get(client.broker, 0) + 1
            client.start()
        return {"clients": counts}

    def served(self, order: Order) -> dict[str, object]:
        """When, by the monotonic clock, each client of a broker was served by another; null: not in time."""
        deadline = time.monotonic() + order.seconds
        lost = [client for client in self._clients if client.first_broker == order.broker]
        while any(client.broker == order.broker for client in lost) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        others = (client for client in self._clients if client.first_broker != order.broker)
        return {
            "at": [client.since if client.broker != order.broker else None for client in lost],
            "others_cut": sum(client.losses > 0 for client in others),
        }

    def end(self, _: Order) -> dict[str, int]:
        """Lets them leave."""
        for client in self._clients:
            client.leaving = True
        for client in self._clients:
            client.join()
        count = len(self._clients)
        self._clients = []
        return {"left": count}


class _Stayer(threading.Thread):
    def __init__(self, target: Target, client_id: str) -> None:
        super().__init__(daemon=True)
        self.target, self.client_id = target, client_id
        self.leaving = False
        self.losses = 0
        self._client = Client(target, client_id)
        self.since = time.monotonic()
        self.broker = self.first_broker = self._client.where()

    def run(self) -> None:
        """Until it is to leave."""
        while not self.leaving:
            with suppress(OSError):
                self._stay()
            if not self.leaving:
                self.losses += 1
                self._return()
        with suppress(OSError):
            self._client.leave()

    def _stay(self) -> None:
        self._client.socket.settimeout(PING_SECONDS)
        heard = time.monotonic()
        while not self.leaving and time.monotonic() < heard + SILENCE_SECONDS:
            try:
                self._client.read()
                heard = time.monotonic()
            except TimeoutError:
                self._client.socket.sendall(PINGREQ)

    def _return(self) -> None:
        self._client.socket.close()
        while not self.leaving:
            try:
                self._client = Client(self.target, self.client_id, timeout_seconds=ATTEMPT_SECONDS)
                since = time.monotonic()
                self.broker, self.since = self._client.where(), since
                return
            except OSError:
                time.sleep(RETRY_SECONDS)
