"""A host's files as one text, and as they lie on the disk."""

import grp
import os
import pwd
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

STATE = Path("/var/lib/emqx-haproxy")
CURRENT = f"{STATE}/current.set"
SETTINGS = "/etc/emqx-haproxy/apply.json"
AWS = "/etc/emqx-haproxy/aws.json"
PROGRAMS = "/usr/local/lib/emqx-haproxy/"
CHANGE = r"none|sysctl|(?:runtime|reload|restart):[\w@.-]+"
HEADER = re.compile(rf"^=== (/\S+) mode=([0-7]+) owner=([\w-]+:[\w-]+) change=({CHANGE})\n", re.M)


@dataclass(frozen=True)
class File:
    """One file of a set."""

    content: bytes
    mode: int
    owner: str
    change: str = field(default="none", compare=False)


def parse(text: str) -> dict[str, File]:
    """A set's files by path."""
    head, *fields = HEADER.split(text)
    if head or any(re.search("^=== /", part, re.M) for part in fields):
        raise ValueError(
            "not a file set: expected headers `=== PATH mode=0644 owner=USER:GROUP change=CHANGE`"
        )
    return {
        path: File(content.encode(), int(mode, 8), owner, change)
        for path, mode, owner, change, content in zip(*[iter(fields)] * 5, strict=True)
    }


def state_file(text: str) -> File:
    """A file that only this host's own programs read."""
    return File(text.encode(), 0o600, "root:root")


def on_disk(path: str) -> File | None:
    """The file as it is; None when there is none."""
    try:
        facts = os.stat(path)
        owner = f"{pwd.getpwuid(facts.st_uid).pw_name}:{grp.getgrgid(facts.st_gid).gr_name}"
        return File(Path(path).read_bytes(), facts.st_mode & 0o7777, owner)
    except (FileNotFoundError, KeyError):
        return None


def put(path: str, file: File | None) -> None:
    """Makes a file so in one step: a reader finds the former or the new one, whole; None removes it."""
    new = Path(path).with_name(f".{Path(path).name}.new")
    if not file:
        new.unlink(missing_ok=True)
        Path(path).unlink(missing_ok=True)
        return
    new.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        shutil.chown(new, *file.owner.split(":"))
        os.fchmod(stream.fileno(), file.mode)
        stream.write(file.content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
