"""Exports EMQX's data into the bucket: by the timer when it is time to, or at once (`now`)."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker import backups
from broker.backups import NotSet, Settings
from broker.emqx_ctl import emqx_ctl
from cloud.aws import AwsError

DATABASE = Path("/var/lib/emqx/mnesia")
# Beside what the export itself takes: EMQX's database stops at a full disk.
SPARE_BYTES = 256 * 1024**2
EXPORT_SECONDS = 600
# Looks lie this far apart: one that comes a little early need not wait for the next.
EARLY_SECONDS = 900


class BackupError(Exception):
    """Nothing was added to the bucket."""


def main(words: list[str]) -> int:
    """Exit 0: there is a backup that is young enough, or a new one."""
    own = backups.settings()
    backups.become_emqx()
    with alone():
        if words != ["now"] and (young := backups.backups(own, _due_before(own))):
            print(f"not yet: {young[-1].key} is younger than {own.every_hours} h")
            return 0
        key, size, digest = back_up(own)
    print(f"backed up to s3://{own.bucket}/{key}: {size} bytes, SHA-256 {digest}", flush=True)
    return 0


def back_up(own: Settings) -> tuple[str, int, str]:
    """Key, size and SHA-256 of a new backup."""
    begun = time.time()
    with backups.folder() as folder:
        room(folder)
        archive = _export(folder)
        with archive.open("rb") as content:
            size = os.fstat(content.fileno()).st_size
            key = backups.key_of(own, begun, archive.name)
            digest = backups.bucket_of(own).put(key, content, own.encryption())
    return key, size, digest


def _due_before(own: Settings) -> float:
    return time.time() - own.every_hours * 3600 + EARLY_SECONDS


def room(folder: Path) -> None:
    """Raises where the disk may get full: an import holds the archive and all that is in it."""
    database = sum(each.stat().st_size for each in DATABASE.rglob("*") if each.is_file())
    needed, free = 2 * database + SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{folder} has {free // 1024**2} MiB left and this may take {needed // 1024**2}: "
            "let emqx.dataVolumeGib be more and run pulumi up"
        )


def _export(folder: Path) -> Path:
    """By its output: EMQX's exit code is 0 whatever came of it."""
    output = emqx_ctl("data", "export", "--dir", str(folder), seconds=EXPORT_SECONDS)
    told = re.search(r"^Data has been successfully exported to (.+\.tar\.gz)\.$", output, re.M)
    if told is None:
        raise BackupError(f"EMQX has exported nothing: {' '.join(output.splitlines()[-3:])}")
    archive = Path(told[1])
    if archive.parent != folder or not archive.is_file():
        raise BackupError(f"EMQX has exported to {archive}, and not into {folder}")
    return archive


@contextmanager
def alone() -> Iterator[None]:
    """Whoever comes while another run is under way leaves it at that."""
    backups.FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (backups.FOLDER.parent / "emqx-haproxy.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("another backup or restore is under way on this broker") from None
        yield


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (NotSet, BackupError, AwsError, OSError, subprocess.SubprocessError) as problem:
        sys.exit(f"no backup was made: {problem}")
