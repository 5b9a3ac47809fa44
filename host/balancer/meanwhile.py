"""A call of AWS in a thread of its own, so that its caller can do other things, and give it up."""

import contextlib
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any


class Call:
    """`ready` becomes readable when it is over."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._call, self._arguments = call, arguments
        self._connection = next((each for each in arguments if isinstance(each, HTTPConnection)), None)
        self._given_up = False
        self._answer: Any = None
        self._failure: Exception | None = None
        self.ready, self._over = socket.socketpair()
        threading.Thread(target=self._carry_out, daemon=True).start()

    def outcome(self) -> Any:
        """Once it is over: what it returned, or raises what it raised."""
        self.ready.close()
        if self._failure:
            raise self._failure
        return self._answer

    def give_up(self) -> None:
        """Sends nothing that is not sent yet, and waits no longer."""
        self._given_up = True
        self.ready.close()
        if self._connection and self._connection.sock:
            with contextlib.suppress(OSError):
                # The socket's own, since TLS's is no affair of another thread.
                socket.socket.shutdown(self._connection.sock, socket.SHUT_RDWR)

    def _carry_out(self) -> None:
        with self._over:
            try:
                if self._connection and self._connection.sock is None:
                    self._connection.connect()
                if self._given_up:
                    raise TimeoutError("given up")
                self._answer = self._call(*self._arguments)
            except Exception as reason:
                self._failure = reason
