"""CONNECT of MQTT 3.1, 3.1.1 and 5."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_CONNECT = 0x10
_NAMES = {3: "MQIsdp", 4: "MQTT", 5: "MQTT"}


class PacketError(ValueError):
    """Bytes that are no CONNECT."""


def frame_length(data: bytes) -> tuple[int, int] | None:
    """Where the packet's body begins and its length; None while bytes are missing."""
    length = 0
    for i, byte in enumerate(data[1:5]):
        length |= (byte & 127) << (7 * i)
        if byte < 128:
            return 2 + i, length
    if len(data) >= 5:
        raise PacketError("the remaining length is longer than four bytes")
    return None


def parse(first_byte: int, body: bytes) -> dict[str, Any]:
    """The packet's fields as plain values. A password is not among them: only whether there is one."""
    if first_byte != _CONNECT:
        raise PacketError(f"expected CONNECT (0x10), got a packet that begins with {first_byte:#04x}")
    reader = _Reader(body)
    name, level, flags, keepalive = reader.text(), reader.byte(), reader.byte(), reader.word()
    # A bridge says so in the highest bit.
    bridge, level = bool(level & 0x80), level & 0x7F
    if _NAMES.get(level) != name or (bridge and level == 5):
        raise PacketError(f"no version of MQTT is named {name!r} with level {level}")
    result: dict[str, Any] = {
        "protocolName": name,
        "protocolLevel": level,
        "bridge": bridge,
        "cleanStart": bool(flags & 2),
        "keepaliveSeconds": keepalive,
    }
    if level == 5:
        result["propertiesHex"] = reader.properties().hex()
    result["clientId"] = reader.text()
    if flags & 4:
        if level == 5:
            reader.properties()
        result["will"] = {"topic": reader.text(), "bytes": len(reader.binary()), "qos": flags >> 3 & 3}
    result["username"] = reader.text() if flags & 0x80 else None
    result["hasPassword"] = bool(flags & 0x40)
    if flags & 0x40:
        result["refuse"] = _asked_refusal(reader.binary())
    if reader.rest():
        raise PacketError(f"{len(reader.rest())} bytes after the last field of CONNECT")
    return result


def _asked_refusal(password: bytes) -> int:
    """A client whose password is `refuse CODE` wants to be refused with that code."""
    word, _, code = password.partition(b" ")
    return int(code) if word == b"refuse" and code.isdigit() else 0


def connack(level: int, code: int = 0) -> bytes:
    """The answer that accepts a client of this version, or refuses it with a code."""
    return bytes([0x20, 3, 0, code, 0]) if level == 5 else bytes([0x20, 2, 0, code])


@dataclass
class _Reader:
    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise PacketError("CONNECT ends within a field")
        part = self.data[self.at : self.at + size]
        self.at += size
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def word(self) -> int:
        return int(struct.unpack(">H", self.take(2))[0])

    def binary(self) -> bytes:
        return self.take(self.word())

    def text(self) -> str:
        return self.binary().decode("utf-8", "replace")

    def properties(self) -> bytes:
        length = 0
        for i in range(4):
            byte = self.byte()
            length |= (byte & 127) << (7 * i)
            if byte < 128:
                return self.take(length)
        raise PacketError("the length of the properties is longer than four bytes")

    def rest(self) -> bytes:
        return self.data[self.at :]
