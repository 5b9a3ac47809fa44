"""A run in a unit of its own: it ends by itself, whatever becomes of the connection that has started it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

from apply.confirm import PENDING, give_word
from apply.outcome import heard
from apply.saying import listener_lost, pass_on


def apart(program: list[str], by: str, given: str = os.devnull) -> int:
    """A program's exit code; `given` is its input, and what it says is passed on while somebody listens."""
    give_word()
    # In memory: the disk may be full.
    folder = Path(tempfile.mkdtemp(prefix="emqx-haproxy-run-", dir="/run"))
    out, err = folder / "out", folder / "err"
    for file in (out, err):
        file.touch(0o600)
    command = [
        *("systemd-run", "--quiet", "--collect", "--wait", f"--unit={folder.name}"),
        *("--description", f"Makes this host what a file set says, for {by}"),
        *(f"--property={name}=file:{path}" for name, path in _streams(given, out, err)),
        f"--setenv=STARTED_BY={by}",
        f"--setenv=UNIT={folder.name}",
        *program,
    ]
    try:
        with out.open(errors="replace") as said, err.open(errors="replace") as complained:
            run = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            while run.poll() is None and not _waits(folder.name):
                time.sleep(0.1)
                _pass_on(said, complained)
            _pass_on(said, complained)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if run.poll() is None:
        # Whoever confirms it is told the rest.
        run.kill()
        run.wait()
        return 0
    if run.returncode == 0 and not listener_lost():
        heard()
    return run.returncode


def _waits(unit: str) -> bool:
    try:
        return PENDING.read_text() == unit
    except FileNotFoundError:
        return False


def _streams(given: str, out: Path, err: Path) -> list[tuple[str, str | Path]]:
    return [("StandardInput", given), ("StandardOutput", out), ("StandardError", err)]


def _pass_on(said: TextIO, complained: TextIO) -> None:
    for source, stream in ((said, sys.stdout), (complained, sys.stderr)):
        if text := source.read():
            pass_on(stream, text)
