"""An MQTT 3.1.1 client on a blocking socket: as little as measuring needs, so that it costs little itself."""

import socket
import ssl
import struct
from dataclasses import dataclass

# Chosen when the destination is known, so that an address has all its ports for each destination.
IP_BIND_ADDRESS_NO_PORT = 24
KEEPALIVE_SECONDS = 60
DISCONNECT = b"\xe0\x00"
PINGREQ = b"\xc0\x00"
CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13
# Each broker has its own name as a retained message here.
NAME_TOPIC = b"broker"


@dataclass(frozen=True)
class Target:
    """Where a client connects to, and from which address."""

    host: str
    port: int
    source: str
    tls: ssl.SSLContext | None = None


class Client:
    """Connected and accepted once it is made; an OSError when that fails."""

    def __init__(
        self,
        target: Target,
        client_id: str,
        session: ssl.SSLSession | None = None,
        timeout_seconds: float = 10,
    ) -> None:
        self.client_id = client_id
        self.socket = open_socket(target, session, timeout_seconds)
        self._received = b""
        try:
            self.socket.sendall(connect_packet(client_id))
            kind, body = self.read()
            if kind != CONNACK or body[1:2] != b"\x00":
                raise ConnectionRefusedError(f"{client_id} was answered by packet {kind}: {body.hex()}")
        except OSError:
            self.socket.close()
            raise

    def read(self) -> tuple[int, bytes]:
        """The next packet: its type and what follows its length."""
        while True:
            if (packet := self._take()) is not None:
                return packet
            if not (chunk := self.socket.recv(65536)):
                raise ConnectionResetError(f"{self.client_id} was closed")
            self._received += chunk

    def subscribe(self, topic: bytes) -> None:
        """With QoS 0."""
        self.socket.sendall(_packet(0x82, b"\x00\x01" + _text(topic) + b"\x00"))
        while self.read()[0] != SUBACK:
            pass

    def publish(self, topic: bytes, payload: bytes, retain: bool = False) -> None:
        """With QoS 1, until it is acknowledged."""
        self.socket.sendall(_packet(0x33 if retain else 0x32, _text(topic) + b"\x00\x01" + payload))
        while self.read()[0] != PUBACK:
            pass

    def where(self) -> str:
        """The name of the broker behind the connection."""
        self.socket.sendall(_packet(0x82, b"\x00\x01" + _text(NAME_TOPIC) + b"\x00"))
        while True:
            kind, body = self.read()
            if kind == PUBLISH:
                return body[2 + len(NAME_TOPIC) :].decode()

    def leave(self) -> None:
        """Says so to the broker and closes."""
        try:
            self.socket.sendall(DISCONNECT)
        finally:
            self.socket.close()

    def _take(self) -> tuple[int, bytes] | None:
        start = length = 0
        while start == 0 or self._received[start] >= 0x80:
            start += 1
            if len(self._received) <= start:
                return None
            length |= (self._received[start] & 0x7F) << (7 * (start - 1))
        start += 1
        if len(self._received) < start + length:
            return None
        kind, body = self._received[0] >> 4, self._received[start : start + length]
        self._received = self._received[start + length :]
        return kind, body


def connect_packet(client_id: str) -> bytes:
    """A CONNECT that begins a clean session."""
    head = b"\x00\x04MQTT\x04\x02" + struct.pack(">H", KEEPALIVE_SECONDS)
    return _packet(0x10, head + _text(client_id.encode()))


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    """A PUBLISH with QoS 0."""
    return _packet(0x30, _text(topic) + payload)


def open_socket(
    target: Target, session: ssl.SSLSession | None = None, timeout_seconds: float = 10
) -> socket.socket:
    """Before anything is said on it."""
    opened = socket.socket()
    try:
        opened.settimeout(timeout_seconds)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        opened.bind((target.source, 0))
        opened.connect((target.host, target.port))
        if target.tls is None:
            return opened
        return target.tls.wrap_socket(opened, server_hostname="localhost", session=session)
    except OSError:
        opened.close()
        raise


def _packet(first: int, body: bytes) -> bytes:
    length, digits = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        digits += bytes([digit | (0x80 if length else 0)])
        if not length:
            return bytes([first]) + digits + body


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text
