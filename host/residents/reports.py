"""What resident programs tell others: files in /run, Prometheus, systemd."""

import contextlib
import os
import socket
from pathlib import Path

RUN = Path("/run/emqx-haproxy")


def publish(name: str, text: str) -> None:
    """Writes a file below /run/emqx-haproxy in one step."""
    path = RUN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    # In some of these folders others write too: no link of theirs is followed.
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644), "w") as stream:
        stream.write(text)
    new.replace(path)


def metrics(program: str, values: dict[str, float]) -> None:
    """Prometheus text. A full disk or memory is no reason to stop what is measured."""
    lines = [f"emqx_haproxy_{program}_{name} {value:g}\n" for name, value in values.items()]
    with contextlib.suppress(OSError):
        publish(f"metrics/{program}.prom", "".join(lines))


def tell_systemd(message: str) -> None:
    """READY=1, or WATCHDOG=1 while all is well. A systemd that does not listen is told the next time."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message.encode(), address.replace("@", "\0", 1))
