"""What the resident programs share: settings, files in /run for others to read, systemd's watchdog."""

import contextlib
import json
import os
import socket
from pathlib import Path

RUN = Path("/run/emqx-haproxy")
SETTINGS = Path("/etc/emqx-haproxy/watch.json")
# Times in milliseconds; SETTINGS may replace any.
DEFAULTS = {
    "intervalMs": 100,
    "graceMs": 1000,
    "answerMs": 500,
    "advertMs": 100,
    "drainPerSecond": 100,
    "oldWorkers": 3,
}


def settings() -> dict[str, float]:
    """Defaults with the host's own over them."""
    own: dict[str, float] = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    return DEFAULTS | own


def publish(name: str, text: str) -> None:
    """Writes a file below /run/emqx-haproxy in one step."""
    path = RUN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def fault(name: str, present: bool) -> None:
    """Tells Keepalived through its track_file: in place, which is the event that it waits for, and never empty in
    between, which it would take for 0."""
    path = RUN / "fault" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, f"{int(present)}\n".encode(), 0)
        os.ftruncate(file, 2)
    finally:
        os.close(file)


def told(name: str) -> str:
    """What Keepalived was told last: 0, 1, or nothing."""
    path = RUN / "fault" / name
    return path.read_text().strip() if path.exists() else ""


def metrics(program: str, values: dict[str, float]) -> None:
    """Prometheus text. A full disk or memory is no reason to stop what is measured."""
    lines = [f"emqx_haproxy_{program}_{name} {value:g}\n" for name, value in values.items()]
    with contextlib.suppress(OSError):
        publish(f"metrics/{program}.prom", "".join(lines))


def tell_systemd(message: str) -> None:
    """READY=1, or WATCHDOG=1 while all is well."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), address.replace("@", "\0", 1))
