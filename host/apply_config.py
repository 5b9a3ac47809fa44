"""Makes a host what a file set says: `--boot FILE SECRET SHA256` at first boot, of standard input later."""

import grp
import json
import os
import pwd
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/emqx-haproxy")
CURRENT = f"{STATE}/current.set"
PROGRAMS = "/usr/local/lib/emqx-haproxy/"
SETTINGS = "/etc/emqx-haproxy/apply.json"
AWS = "/etc/emqx-haproxy/aws.json"
BOOT_SECONDS = 300
CHANGE = r"none|sysctl|runtime:haproxy|(?:reload|restart):[\w@.-]+"
HEADER = re.compile(rf"^=== (/\S+) mode=([0-7]+) owner=([\w-]+:[\w-]+) change=({CHANGE})\n", re.M)


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason."""
    if arguments[:1] == ["--boot"]:
        return first_boot(*arguments[1:])
    text = "" if arguments else sys.stdin.read()
    # A program that was lost here could not apply the set that brings it back.
    for path, file in parse(text).items():
        if path.startswith(PROGRAMS) and not os.path.exists(path):
            put(path, file)
    from update import update

    return update(text, arguments)


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


def first_boot(boot_set: str, arn: str, digest: str) -> int:
    """Writes the set, what Secrets Manager has of it too, and starts the services."""
    # User data has room for these two modules and this one only.
    from fetch_secrets import more_files, secret_files

    text = Path(boot_set).read_text()
    try:
        own = json.loads(parse(text)[AWS].content)
        # The role's policy may be younger than the host.
        text += more_files(own["region"], arn, digest, BOOT_SECONDS)
        secrets = secret_files(own, BOOT_SECONDS)
        files = parse(text)
        settings: dict[str, Any] = json.loads(files[SETTINGS].content)
        for path, file in {**files, **secrets, CURRENT: state_file(text)}.items():
            put(path, file)
    except (OSError, LookupError, ValueError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        return 1
    return _start(settings, [*files.values(), *secrets.values()])


def _start(settings: dict[str, Any], files: list[File]) -> int:
    from services import check, load_kernel_settings, print_journals, systemctl, wait_for_health

    units: list[str] = settings["enable"]
    try:
        systemctl("daemon-reload")
        load_kernel_settings()
        restarts = {file.change[8:] for file in files if file.change.startswith("restart:")}
        for unit in sorted(restarts.difference(units)):
            systemctl("restart", unit)
        if problem := check(settings["validate"]):
            raise RuntimeError(problem)
        systemctl("enable", *units)
        # Not start: a package may have started them with a configuration of its own.
        systemctl("restart", *units)
        wait_for_health(settings)
    except (RuntimeError, OSError, LookupError, ValueError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        print_journals(units)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
