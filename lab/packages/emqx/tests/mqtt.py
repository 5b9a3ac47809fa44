"""An MQTT client that shows what the bytes mean and no more: codes as they come, no reconnecting."""

from __future__ import annotations

import os
import socket
import ssl
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import TypeVar

Self = TypeVar("Self", bound="Client")

NO_PROXY = b""


def proxy(address: str, common_name: str | None = None) -> bytes:
    """A PROXY v2 header for a client at an address, with the common name of its certificate if it has one."""
    tlvs = b""
    if common_name is not None:
        inner = b"\x22" + struct.pack("!H", len(common_name)) + common_name.encode()
        tlvs = b"\x20" + struct.pack("!H", 5 + len(inner)) + b"\x07\0\0\0\0" + inner
    body = socket.inet_aton(address) + socket.inet_aton("10.0.0.1") + struct.pack("!HH", 4000, 1883) + tlvs
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(body)) + body


PROXY_LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


class Closed(Exception):
    """The broker closed the connection."""


class Client:
    """One connection."""

    def __init__(
        self,
        address: str,
        port: int = 1883,
        prefix: bytes = NO_PROXY,
        version: int = 5,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.version = version
        self._id = 0
        self._read = b""
        self._socket = socket.create_connection((address, port), timeout=10)
        self._socket.sendall(prefix)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def connect(
        self,
        client_id: str = "c",
        username: str | None = None,
        password: str | None = None,
        *,
        clean: bool = True,
        expiry: int | None = None,
        will: tuple[str, str] | None = None,
        keepalive: int = 60,
        user_properties: Mapping[str, str] | None = None,
    ) -> int:
        """The code of the CONNACK."""
        name = b"MQIsdp" if self.version == 3 else b"MQTT"
        flags = (
            (username is not None) << 7 | (password is not None) << 6 | (will is not None) << 2 | clean << 1
        )
        body = _text(name) + bytes([self.version, flags]) + struct.pack("!H", keepalive)
        properties = b"" if expiry is None else b"\x11" + struct.pack("!I", expiry)
        for key, value in (user_properties or {}).items():
            properties += b"\x26" + _text(key.encode()) + _text(value.encode())
        body += self._properties(properties)
        body += _text(client_id.encode())
        if will is not None:
            body += self._properties(b"") + _text(will[0].encode()) + _text(will[1].encode())
        if username is not None:
            body += _text(username.encode())
        if password is not None:
            body += _text(password.encode())
        self.send(0x10, body)
        kind, answer = self.receive()
        assert kind == 0x20, hex(kind)
        self.session_present = bool(answer[0] & 1)
        self.connack_properties = answer[3:]
        return answer[1]

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        """The codes of the SUBACK."""
        self._id += 1
        wanted = b"".join(_text(one.encode()) + bytes([qos]) for one in filters)
        self.send(0x82, struct.pack("!H", self._id) + self._properties(b"") + wanted)
        kind, answer = self.receive()
        assert kind == 0x90, hex(kind)
        return list(answer[3 if self.version == 5 else 2 :])

    def unsubscribe(self, one: str) -> None:
        self._id += 1
        self.send(0xA2, struct.pack("!H", self._id) + self._properties(b"") + _text(one.encode()))
        kind, _ = self.receive()
        assert kind == 0xB0, hex(kind)

    def publish(
        self, topic: str, payload: str = "x", qos: int = 1, *, retain: bool = False, alias: int | None = None
    ) -> int:
        """The code of PUBACK or PUBREC; 0 for QoS 0, of which nobody tells."""
        self._id += 1
        body = _text(topic.encode()) + (struct.pack("!H", self._id) if qos else b"")
        body += self._properties(b"" if alias is None else b"\x23" + struct.pack("!H", alias))
        self.send(0x30 | qos << 1 | retain, body + payload.encode())
        if qos == 0:
            return 0
        kind, answer = self.receive()
        assert kind == (0x40 if qos == 1 else 0x50), hex(kind)
        return answer[2] if len(answer) > 2 else 0

    def message(self) -> tuple[str, str]:
        """Topic and payload of the next message; acknowledged."""
        kind, body = self.receive()
        assert kind >> 4 == 3, hex(kind)
        size = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if kind & 6:
            self.send(0x40, rest[:2])
            rest = rest[2:]
        if self.version == 5:
            rest = rest[1 + rest[0] :]
        return topic, rest.decode()

    def ping(self) -> bool:
        """Whether the broker still answers."""
        self.send(0xC0, b"")
        try:
            return self.receive()[0] == 0xD0
        except (Closed, OSError):
            return False

    def disconnected(self) -> int | None:
        """The code of the DISCONNECT that comes next; None where the connection ends without one."""
        try:
            kind, body = self.receive()
        except Closed:
            return None
        assert kind == 0xE0, hex(kind)
        return body[0] if body else 0

    def is_closed(self) -> bool:
        """Whether the broker closes the connection, now or soon."""
        try:
            while True:
                self.receive()
        except Closed:
            return True
        except TimeoutError:
            return False

    def is_silent(self, seconds: float, payloads: list[str] | None = None) -> bool:
        """Whether nothing comes for so long, and the connection stays; what comes is added to `payloads`."""
        self._socket.settimeout(seconds)
        try:
            message = self.message()
        except TimeoutError:
            return True
        except Closed:
            return False
        finally:
            self._socket.settimeout(10)
        if payloads is not None:
            payloads.append(message[1])
        return False

    def send(self, first: int, body: bytes) -> None:
        self.send_bytes(bytes([first]) + _variable(len(body)) + body)

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """First byte and body of the next packet."""
        first = self._exactly(1)[0]
        size = shift = 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            try:
                more = self._more()
            except ConnectionError as error:
                raise Closed from error
            if not more:
                raise Closed
            self._read += more
        found, self._read = self._read[:size], self._read[size:]
        return found

    def _more(self) -> bytes:
        return self._socket.recv(65536)

    def _properties(self, properties: bytes) -> bytes:
        return _variable(len(properties)) + properties if self.version == 5 else b""


class WebSocketClient(Client):
    """The same through a WebSocket."""

    def upgrade(self, path: str = "/mqtt", headers: Mapping[str, str] | None = None) -> int:
        """The status of the HTTP answer."""
        fields = {
            "Host": "x",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": "mqtt",
            **(headers or {}),
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(1)
        return int(answer.split()[1])

    def send_bytes(self, data: bytes) -> None:
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._socket.sendall(b"\x82" + size + mask + masked)

    def _more(self) -> bytes:
        head = self._raw(2)
        size = head[1] & 127
        if size == 126:
            size = struct.unpack("!H", self._raw(2))[0]
        content = self._raw(size)
        if head[0] & 15 == 8:
            return b""
        return content if head[0] & 15 in (0, 1, 2) else self._more()

    def _raw(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise Closed
            data += more
        return data


def _text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def _variable(value: int) -> bytes:
    result = b""
    while value > 127:
        result += bytes([value & 127 | 128])
        value >>= 7
    return result + bytes([value])
