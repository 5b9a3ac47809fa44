"""Ends the sessions of client certificates that a revocation list names."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from balancer.haproxy_answers import Misread
from balancer.haproxy_socket import MASTER, ask
from balancer.sessions import close, workers

LIST = re.compile(r"-----BEGIN X509 CRL-----(.*?)-----END X509 CRL-----", re.S)
# haproxy.cfg keeps a table per listener: serial, address and port of each session with a certificate.
ENTRY = re.compile(r" key=([0-9A-F]+)/(\S+)")
SEQUENCE, TIMES = 0x30, (0x17, 0x18)


def close_revoked(path: str) -> int:
    """Of the listener whose list it is, in all workers; how many. A serial counts whoever issued it."""
    listener = Path(path).name.removesuffix("-client-crl.pem")
    revoked = serials(Path(path).read_text())
    count = 0
    processes = workers()
    for pid in processes.running + processes.former:
        table = ask(MASTER, f"@!{pid} show table certificates_{listener}", 5)
        entries = ENTRY.findall(table)
        if len(entries) != table.count(" key="):
            raise Misread(f"show table: {len(entries)} of {table.count(' key=')} entries")
        sources = {source for serial, source in entries if int(serial, 16) in revoked}
        count += _close(pid, sources)
    return count


def _close(pid: str, sources: set[str]) -> int:
    return close(pid, lambda session: session.source in sources) if sources else 0


def serials(pem: str) -> set[int]:
    """The serial numbers in PEM revocation lists."""
    found = set()
    for body in LIST.findall(pem):
        ((_, whole),) = elements(base64.b64decode(body))
        _, signed = next(elements(whole))
        former = 0
        for tag, content in elements(signed):
            # The list of certificates comes after thisUpdate and nextUpdate; an empty one is left out.
            if tag == SEQUENCE and former in TIMES:
                found |= {int.from_bytes(next(elements(entry))[1], "big") for _, entry in elements(content)}
            former = tag
    return found


def elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in a row."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        yield tag, der[at : at + length]
        at += length
