"""A host's files as one text."""

import re
from dataclasses import dataclass, field
from pathlib import Path

STATE = Path("/var/lib/emqx-haproxy")
CURRENT = f"{STATE}/current.set"
# What did not stay in force, for who wants to try it again once the cause is mended.
TAKEN_BACK = f"{STATE}/taken-back.set"
NOTES = f"{STATE}/run.json"
SETTINGS = "/etc/emqx-haproxy/apply.json"
AWS = "/etc/emqx-haproxy/aws.json"
PROGRAMS = "/usr/local/lib/emqx-haproxy/"
CHANGE = r"none|sysctl|(?:runtime|reload|restart):[\w@.-]+"
HEADER = re.compile(rf"^=== (/\S+) mode=([0-7]+) owner=([\w-]+:[\w-]+) change=({CHANGE})\n", re.M)


@dataclass(frozen=True)
class File:
    """One file of a set; an owner without a name is a number."""

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
