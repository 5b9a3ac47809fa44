"""What root's programs keep in EMQX's own folder: nothing that EMQX's user puts there misleads them."""

import os
import stat
from pathlib import Path

LARGEST_BYTES = 16 * 1024**2


def read(file: Path) -> str:
    """Its text; nothing where there is none. Raises OSError for what is no plain file of a likely size."""
    try:
        # A pipe in its place must not hold up who reads it.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    with open(descriptor, errors="replace") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_BYTES:
            raise OSError(f"{file} is no plain file of at most {LARGEST_BYTES} bytes")
        return stream.read(LARGEST_BYTES)


def keep(file: Path, text: str) -> None:
    """For root alone, whole and on the disk before it takes its place."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
