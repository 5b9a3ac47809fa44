"""What Keepalived is told of this host."""

from residents.reports import RUN


def fault(name: str, present: bool) -> None:
    """Through its track_file. Written in place: that is the event it waits for."""
    path = RUN / "fault" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{int(present)}\n")
