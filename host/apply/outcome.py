"""How the run before ended, for whom nobody told."""

import contextlib
import json
import os
import time
from pathlib import Path

from apply.disk import put, remove
from apply.file_set import STATE, state_file
from apply.saying import complain, complaints

OUTCOME = f"{STATE}/outcome.json"


def report() -> None:
    """Once, by the next run."""
    if former := untold():
        complain(former)
        complaints.clear()
        heard()


def untold() -> str:
    """What is to be told of it; nothing when somebody was."""
    if not os.path.exists(OUTCOME):
        return ""
    try:
        former = json.loads(Path(OUTCOME).read_text())
        return f"the run before, started by {former['by']}, ended at {former['ended']}: {former['said']}"
    except (OSError, ValueError, LookupError, TypeError) as reason:
        return f"how the run before ended cannot be read: {OUTCOME}: {reason!r}"


def record(code: int, by: str) -> None:
    """A full disk is no reason to fail."""
    said = "; ".join(complaints)[-2000:] if code else "its set is in force"
    ended = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    with contextlib.suppress(OSError):
        put(OUTCOME, state_file(json.dumps({"by": by, "ended": ended, "said": said})))


def heard() -> None:
    """Somebody was told all of it."""
    with contextlib.suppress(OSError):
        remove(OUTCOME)
