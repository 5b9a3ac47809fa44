"""Which IPv4 addresses the kernel has on lo: what Keepalived put there is what it is."""

import socket
import struct

HEADER, ADDRESS, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBBBI"), struct.Struct("=HH")
# From linux/netlink.h, rtnetlink.h and if_addr.h.
NETLINK_ROUTE, REQUEST_DUMP, GET_ADDRESS, NEW_ADDRESS, DONE, LOCAL = 0, 0x301, 22, 20, 3, 2


def on_loopback(address: str) -> bool:
    """Whether the address is there now."""
    return socket.inet_aton(address) in _addresses(socket.if_nametoindex("lo"))


def _addresses(interface: int) -> set[bytes]:
    found: set[bytes] = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        body = ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)
        kernel.send(HEADER.pack(HEADER.size + len(body), GET_ADDRESS, REQUEST_DUMP, 1, 0) + body)
        while True:
            answer, at = kernel.recv(65536), 0
            while at < len(answer):
                length, kind, *_ = HEADER.unpack_from(answer, at)
                if kind == DONE:
                    return found
                if kind != NEW_ADDRESS:
                    raise OSError(f"the kernel does not tell its addresses: message {kind}")
                message = answer[at + HEADER.size : at + length]
                if ADDRESS.unpack_from(message)[4] == interface:
                    found |= _local(message[ADDRESS.size :])
                at += _aligned(length)


def _local(attributes: bytes) -> set[bytes]:
    found, at = set(), 0
    while at < len(attributes):
        length, kind = ATTRIBUTE.unpack_from(attributes, at)
        if kind == LOCAL:
            found.add(attributes[at + ATTRIBUTE.size : at + length])
        at += _aligned(length)
    return found


def _aligned(length: int) -> int:
    return (length + 3) & ~3
