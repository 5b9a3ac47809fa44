"""Ends the sessions of client certificates that a revocation list names."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from balancer.haproxy_answers import NO_WORKER, entries
from balancer.haproxy_socket import MASTER, ask
from balancer.sessions import ANSWER_SECONDS, close, workers

LIST = re.compile(r"-----BEGIN X509 CRL-----(.*?)-----END X509 CRL-----", re.S)
# haproxy.cfg keeps a table per listener: serial, address and port of each session with a certificate.
KEY = re.compile(r"([0-9A-F]+)/(\S+)")
# What a former worker says that began before the listener had such a table, or has ended.
NOTHING = ("No such table", NO_WORKER)
SEQUENCE, TIMES = 0x30, (0x17, 0x18)


def close_revoked(path: str) -> int:
    """Of the listener whose list it is, in all workers; how many. A serial counts whoever issued it. Where a
    worker fails, the others are asked before it is told."""
    listener = Path(path).name.removesuffix("-client-crl.pem")
    revoked = serials(Path(path).read_text())
    count = 0
    failures: list[str] = []
    processes = workers()
    for pid in processes.running + processes.former:
        try:
            table = ask(MASTER, f"@!{pid} show table certificates_{listener}", ANSWER_SECONDS)
            if pid in processes.running or not table.startswith(NOTHING):
                count += _close(pid, _sources(table, revoked))
        except (OSError, ValueError) as reason:
            failures.append(f"worker {pid}: {reason or type(reason).__name__}")
    if failures:
        raise ValueError(f"{count} were closed, but {'; '.join(failures)}")
    return count


def _sources(table: str, revoked: set[int]) -> set[str]:
    found = [KEY.fullmatch(key) for key, _ in entries(table)]
    return {match[2] for match in found if match and int(match[1], 16) in revoked}


def _close(pid: str, sources: set[str]) -> int:
    return close(pid, lambda session: session.source in sources) if sources else 0


def serials(pem: str) -> set[int]:
    """The serial numbers in PEM revocation lists."""
    found = set()
    for body in LIST.findall(pem):
        signed = first(first(base64.b64decode(body)))
        former = 0
        for tag, content in elements(signed):
            # The list of certificates comes after thisUpdate and nextUpdate; an empty one is left out.
            if tag == SEQUENCE and former in TIMES:
                found |= {int.from_bytes(first(entry), "big") for _, entry in elements(content)}
            former = tag
    return found


def first(der: bytes) -> bytes:
    """The content of the first DER element in a row."""
    for _, content in elements(der):
        return content
    raise ValueError("an element without the one that belongs in it")


def elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in a row; raises ValueError where one is cut short."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], int.from_bytes(der[at + 1 : at + 2], "big"), at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError(f"an element of {length} bytes with {len(der) - at} left")
        yield tag, der[at : at + length]
        at += length
