"""What Keepalived is told of this host."""

import os

from residents.reports import RUN


def fault(name: str, present: bool) -> None:
    """Through its track_file: in place, which is the event that it waits for, and never empty in between,
    which it would take for 0."""
    path = RUN / "fault" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, f"{int(present)}\n".encode(), 0)
        os.ftruncate(file, 2)
    finally:
        os.close(file)


def told(name: str) -> str:
    """What it was told last: 0, 1, or nothing."""
    path = RUN / "fault" / name
    return path.read_text().strip() if path.exists() else ""
