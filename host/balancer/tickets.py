"""TLS session tickets that both balancers take: each makes the same keys from one secret."""

import base64
import hashlib
import os
import re
import time
from pathlib import Path

from balancer.haproxy_answers import Misread
from balancer.haproxy_socket import RUNTIME, ask

CONFIG = Path("/etc/haproxy/haproxy.cfg")
SECRET = Path("/etc/emqx-haproxy/secrets/ticket-master")
LIFETIME = re.compile(r"tune\.ssl\.lifetime (\d+)")
BIND = re.compile(r"^ *bind \S+ (ssl .* tls-ticket-keys (\S+).*)$", re.M)
HELD = re.compile(r"^\d+\.\d (\S+)$", re.M)
AUTHORITY = re.compile(r" (?:ca|crl)-file (\S+)")


def keys(now: float) -> dict[str, list[str]]:
    """By file: the last period's key, this one's, with which HAProxy encrypts, and the next."""
    config = CONFIG.read_text()
    # A ticket is taken for a whole period after the one that it is from: for as long as it lives.
    period = int(now // int((LIFETIME.findall(config) or [1])[0]))
    return {
        file: [_key(options, number) for number in range(period - 1, period + 2)]
        for options, file in BIND.findall(config)
    }


def _key(options: str, period: int) -> str:
    # OpenSSL asks for no certificate when a session is resumed: a ticket must open no other listener than its
    # own, and not that one once its `verify`, CA or CRL has changed.
    facts = [options.encode(), *(Path(file).read_bytes() for file in AUTHORITY.findall(options))]
    salt = hashlib.sha256(b"\0".join(facts)).digest() + str(period).encode()
    # One round is HMAC-SHA512 in counter mode: a master of 64 random characters needs no stretching.
    key = hashlib.pbkdf2_hmac("sha512", SECRET.read_bytes(), salt, 1, 80)
    return base64.b64encode(key).decode()


def write() -> None:
    """For HAProxy to read when it starts or reloads."""
    for file, three in keys(time.time()).items():
        # HAProxy's worker may write in that folder too: no link of its is followed.
        new = Path(f"{file}.new")
        new.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(new, flags, 0o600), "w") as stream:
            stream.write("\n".join(three) + "\n")
        new.replace(file)


def renew() -> int:
    """Hands the running HAProxy the keys of today; for how many files it had others, and has no more."""
    stale = {file: three for file, three in keys(time.time()).items() if _held(file) != three}
    said = {
        # Each becomes the last and pushes out the first; in one line, so that no handshake falls between.
        file: ask(RUNTIME, ";".join(f"set ssl tls-key {file} {key}" for key in three))
        for file, three in stale.items()
    }
    if kept := [file for file, three in stale.items() if _held(file) != three]:
        raise Misread("; ".join(f"set ssl tls-key {file}: {said[file][:200]!r}" for file in kept))
    return len(stale)


def _held(file: str) -> list[str]:
    text = ask(RUNTIME, f"show tls-keys {file}")
    found = HELD.findall(text)
    if not found:
        raise Misread(f"show tls-keys: {text[:200]!r}")
    return found


if __name__ == "__main__":
    write()
