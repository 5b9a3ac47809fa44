"""ADDRESS PORT: standard input and output as a connection to a broker over TLS, as HAProxy makes it."""

import os
import re
import select
import socket
import ssl
import sys
from pathlib import Path

CONFIG = Path("/etc/haproxy/haproxy.cfg")
_LIMIT_SECONDS = 10
_AT_ONCE = 65_536
# PROXY v2, of a client at 127.0.0.1: who it is does not matter to whoever asks whether the way is open.
_HEADER = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([127, 0, 0, 1, 127, 0, 0, 1, 0x40, 0, 0x07, 0x5B])
_TLS = re.compile(r" ssl crt (\S+) ca-file (\S+) verify required verifyhost (\S+)")


def main() -> int:
    """Exit code 1 when the broker shows no certificate of its CA, or takes none of the balancers'."""
    _, address, port = sys.argv
    try:
        with dial(address, int(port)) as broker:
            relay(broker)
    except OSError as reason:
        print(f"{address}:{port}: {reason}", file=sys.stderr)
        return 1
    return 0


def is_encrypted(config: str) -> bool:
    """Whether HAProxy comes to brokers by TLS."""
    return _TLS.search(config) is not None


def is_proxied(config: str) -> bool:
    """Whether HAProxy says of each connection whose it is."""
    return "send-proxy-v2" in config


def dial(address: str, port: int) -> ssl.SSLSocket:
    """The PROXY header, where HAProxy sends one, then TLS with what HAProxy has for it."""
    config = CONFIG.read_text()
    found = _TLS.search(config)
    if found is None:
        raise OSError("HAProxy does not come to brokers by TLS")
    certificate, ca, name = found.groups()
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(certificate, f"{certificate}.key")
    plain = socket.create_connection((address, port), _LIMIT_SECONDS)
    try:
        if is_proxied(config):
            plain.sendall(_HEADER)
        return context.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


def relay(broker: ssl.SSLSocket) -> None:
    """Until either side ends."""
    # A record without data, such as a ticket, must not keep the other way waiting.
    broker.setblocking(False)
    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    while True:
        ready = [broker] if broker.pending() else select.select([broker, source], [], [])[0]
        if source in ready:
            data = os.read(source, _AT_ONCE)
            if not data:
                return
            _send(broker, data)
        if broker in ready:
            try:
                data = broker.recv(_AT_ONCE)
            except ssl.SSLWantReadError:
                continue
            if not data:
                return
            os.write(sink, data)


def _send(broker: ssl.SSLSocket, data: bytes) -> None:
    while data:
        try:
            data = data[broker.send(data) :]
        except ssl.SSLWantWriteError:
            select.select([], [broker], [], _LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
