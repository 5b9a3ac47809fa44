"""What the benchmark asks a load process for: one JSON object a line."""

import functools
import json
import ssl
from dataclasses import dataclass

from client import Target


@dataclass(frozen=True)
class Order:
    """The name of what to do, and what that needs."""

    do: str
    host: str = ""
    port: int = 0
    source: str = ""
    # The authority of the server's certificate; empty for a plain connection.
    authority: str = ""
    # A client's certificate with its key, for mutual TLS.
    identity: str = ""
    # Client ids are this and a number.
    prefix: str = ""
    first: int = 0
    count: int = 0
    seconds: float = 0
    payload_bytes: int = 0
    # The name of a broker.
    broker: str = ""
    # Under which sessions of TLS are kept, and from which they are resumed.
    keep: str = ""
    resume: str = ""

    @property
    def target(self) -> Target:
        """Where its clients connect to."""
        return Target(self.host, self.port, self.source, _context(self.authority, self.identity))

    @property
    def client_ids(self) -> list[str]:
        """One for each client."""
        return [f"{self.prefix}-{number}" for number in range(self.first, self.first + self.count)]


def read_order(line: str) -> Order:
    """From its line."""
    return Order(**json.loads(line))


@functools.cache
def _context(authority: str, identity: str) -> ssl.SSLContext | None:
    """One for each kind of client: a session is resumed only in the context that it is from."""
    if not authority:
        return None
    context = ssl.create_default_context(cafile=authority)
    if identity:
        context.load_cert_chain(identity)
    return context
