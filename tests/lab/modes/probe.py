"""A client inside the VPC: until MQTT's CONNACK comes from the address and port given, or the seconds are over."""

import socket
import sys
import time

ADDRESS, PORT, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])


def text(value: str) -> bytes:
    """As MQTT has texts: their length before them."""
    return len(value).to_bytes(2, "big") + value.encode()


# CONNECT of MQTT 3.1.1: clean session, user name and password, keepalive 60 s.
BODY = text("MQTT") + b"\x04\xc2\x00\x3c" + text("probe") + text(sys.argv[4]) + text(sys.argv[5])
CONNECT = bytes([0x10, len(BODY)]) + BODY
ACCEPTED = b"\x20\x02\x00\x00"


def served() -> bool:
    """One try; a takeover may be under way, so none takes long."""
    try:
        with socket.create_connection((ADDRESS, PORT), 0.5) as connection:
            connection.settimeout(0.5)
            connection.sendall(CONNECT)
            return connection.recv(4) == ACCEPTED
    except OSError:
        return False


def main() -> None:
    """Exits with 0 once served, with 1 when nobody was in time."""
    deadline = time.monotonic() + SECONDS
    while not served():
        if time.monotonic() > deadline:
            sys.exit(f"nobody was served at {ADDRESS}:{PORT} within {SECONDS} s")
        time.sleep(0.05)


main()
