"""The PROXY protocol's header, version 2, with every TLV."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
#: The signature, version and command, family, and the length of the rest.
FIXED_BYTES = 16

_TLV_NAMES = {
    0x01: "alpn",
    0x02: "authority",
    0x03: "crc32c",
    0x04: "noop",
    0x05: "uniqueId",
    0x20: "ssl",
    0x30: "netns",
}
_SSL_TLV = 0x20
_SSL_NAMES = {0x21: "version", 0x22: "cn", 0x23: "cipher", 0x24: "signatureAlgorithm", 0x25: "keyAlgorithm"}
_SSL_CLIENT_BITS = {1: "ssl", 2: "certificateOnConnection", 4: "certificateInSession"}


class HeaderError(ValueError):
    """Bytes that are no PROXY v2 header."""


def body_length(fixed: bytes) -> int:
    """How many bytes follow the fixed part."""
    if len(fixed) < FIXED_BYTES or not fixed.startswith(SIGNATURE):
        raise HeaderError(f"expected a PROXY v2 header, got {fixed!r}")
    if fixed[12] >> 4 != 2:
        raise HeaderError(f"expected version 2 of the PROXY protocol, got {fixed[12] >> 4}")
    return int(struct.unpack(">H", fixed[14:16])[0])


def parse(fixed: bytes, body: bytes) -> dict[str, Any]:
    """The header as plain values: command, source, destination, tlvs, and what the SSL TLV holds."""
    command = {0: "LOCAL", 1: "PROXY"}.get(fixed[12] & 15)
    if command is None:
        raise HeaderError(f"unknown command {fixed[12] & 15}")
    family = fixed[13] >> 4
    addresses = {1: 12, 2: 36, 3: 216}.get(family, 0)
    if len(body) < addresses:
        raise HeaderError(f"{len(body)} bytes are too few for the addresses of family {family}")
    result: dict[str, Any] = {"command": command, **_endpoints(family, body)}
    result["tlvs"] = []
    for kind, value in _tlvs(body[addresses:]):
        result["tlvs"].append({"type": kind, "name": _TLV_NAMES.get(kind, "unknown"), "hex": value.hex()})
        if kind == _SSL_TLV:
            result["ssl"] = _ssl(value)
    return result


def _endpoints(family: int, body: bytes) -> dict[str, Any]:
    size = {1: 4, 2: 16}.get(family)
    if size is None:
        return {}
    ports = struct.unpack(">HH", body[2 * size : 2 * size + 4])
    return {
        name: {"address": str(ipaddress.ip_address(body[i * size : (i + 1) * size])), "port": ports[i]}
        for i, name in enumerate(("source", "destination"))
    }


def _tlvs(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        if len(data) < 3:
            raise HeaderError(f"{len(data)} bytes after the last TLV")
        kind, length = struct.unpack(">BH", data[:3])
        if len(data) < 3 + length:
            raise HeaderError(f"TLV {kind:#x} says {length} bytes and has {len(data) - 3}")
        found.append((kind, data[3 : 3 + length]))
        data = data[3 + length :]
    return found


def _ssl(value: bytes) -> dict[str, Any]:
    if len(value) < 5:
        raise HeaderError(f"an SSL TLV of {len(value)} bytes; it has at least 5")
    bits, verify = struct.unpack(">BI", value[:5])
    parts = {
        _SSL_NAMES.get(kind, f"{kind:#x}"): part.decode("utf-8", "replace") for kind, part in _tlvs(value[5:])
    }
    client = [name for bit, name in _SSL_CLIENT_BITS.items() if bits & bit]
    # 0 says that the client's certificate was verified, or that there was none to verify.
    return {"client": client, "verify": verify, **parts}
