"""What a changed unit file asks of systemd."""

import re
from pathlib import Path

FOLDER = "/etc/systemd/system"
# Commands of a unit that is about to start, reloads or ends: read when their time comes.
LATER = re.compile(rb"^Exec(StartPre|Reload|Stop|StopPost)=.*\n", re.M)


def runs_on(path: str, before: bytes, after: bytes) -> bool:
    """Whether a running service is as well served by one text of the file as by the other."""
    return path.startswith(f"{FOLDER}/") and LATER.sub(b"", before) == LATER.sub(b"", after)


def unit_of(path: str) -> str | None:
    """The unit that is no more when this file is no more."""
    file = Path(path)
    names = {".service": file.stem, ".path": file.name}
    return names.get(file.suffix) if file.parent == Path(FOLDER) else None
