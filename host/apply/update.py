"""Makes a running host equal to a file set, or leaves it as it was."""

import json
import os
from hashlib import sha256
from pathlib import Path

from apply.alone import Busy, alone
from apply.disk import on_disk
from apply.file_set import CURRENT, File, parse
from apply.outcome import record, report
from apply.run import Run
from apply.saying import complain, listener_lost, told


def update(text: str | None, by: str) -> int:
    """
    Applies a set, alone on this host; None is the set in force, with its secrets as they are now.

    Exit 1 with the reason when it was refused or put back.
    """
    try:
        with alone(by):
            report()
            code = Run(text).apply()
            # In a unit of its own it does not know whether somebody was told; `apart` does.
            if code or listener_lost() or "STARTED_BY" in os.environ:
                record(code, by)
            return code
    except Busy as reason:
        complain(f"refused, nothing was changed: {reason}")
    except Exception as reason:
        # Before a run has begun: it answers for itself from then on.
        complain(f"refused, nothing was changed: {told(reason)}")
    return 1


def print_differences() -> int:
    """As JSON, the digests expected and found of files that are not as the current set says."""
    files = parse(Path(CURRENT).read_text() if os.path.exists(CURRENT) else "")
    found = {path: on_disk(path) for path in files}
    digests = {
        path: {"expected": _digest(file), "found": _digest(found[path])}
        for path, file in files.items()
        if found[path] != file
    }
    print(json.dumps(digests))
    return 0


def _digest(file: File | None) -> str | None:
    return sha256(file.content).hexdigest() if file else None
