"""Makes a running host equal to a file set, or leaves it as it was."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from apply.changes import carry_out
from apply.file_set import AWS, CURRENT, PROGRAMS, SETTINGS, STATE, File, on_disk, parse, put, state_file
from apply.secret_files import secret_files, secret_paths
from apply.services import leave, print_journals, systemctl, wait_for_health
from apply.staging import refusal
from apply.unit_files import runs_on, unit_of

JOURNAL = f"{STATE}/journal.json"
# What the journal, which every release reads, has no room for.
NOTES = f"{STATE}/run.json"
SECRETS_SECONDS = 30


class Refused(Exception):
    """The set cannot be applied; nothing was touched."""

    pass


def update(text: str) -> int:
    """Applies a set, alone on this host. Exit 1 with the reason when it was refused or put back."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return Run(text).apply()
        except (Refused, ValueError, OSError) as reason:
            print(f"refused, nothing was changed: {reason}", file=sys.stderr)
            return 1


def print_differences() -> int:
    """As JSON, the digests expected and found of files that are not as the current set says."""
    files = parse(_read(CURRENT))
    found = {path: on_disk(path) for path in files}
    digests = {
        path: {"expected": _digest(file), "found": _digest(found[path])}
        for path, file in files.items()
        if found[path] != file
    }
    print(json.dumps(digests))
    return 0


class Run:
    """One run. The files it changes are kept, then named in a journal, so that the next run can take over."""

    def __init__(self, text: str) -> None:
        self.text = text
        current = _read(CURRENT)
        self.new, self.former, self.before = parse(text), parse(current), sha256(current.encode()).hexdigest()
        if SETTINGS not in self.new:
            raise Refused(f"the set has no {SETTINGS}")
        self.settings = _settings(self.new)
        notes = json.loads(_read(NOTES) or "{}")
        # Another set in force than it began with: that run was done but for its journal.
        journal = _read(JOURNAL) if notes.get("before", self.before) == self.before else ""
        self.due = {(path, change) for path, change in json.loads(journal or "[]")}
        self.interrupted = {path for path, _ in self.due}
        gone = set(self.former)
        if AWS in self.new:
            self.new |= secret_files(json.loads(self.new[AWS].content), SECRETS_SECONDS)
        if AWS in self.former:
            gone |= secret_paths(json.loads(self.former[AWS].content))
        changed = {path for path, file in self.new.items() if on_disk(path) != file}
        self.paths = sorted(changed | self.interrupted | (gone - self.new.keys()))
        self.changes = {*self.due, *((path, each) for path in self.paths for each in self._asked_by(path))}
        # An interrupted run may have started units that neither set knows.
        started = notes.get("units", []) if self.due else []
        self.units = {*started, *self.settings["enable"], *_settings(self.former).get("enable", [])}

    def _asked_by(self, path: str) -> set[str]:
        before, after = on_disk(_kept(path) if path in self.interrupted else path), self.new.get(path)
        if before and after and runs_on(path, before.content, after.content):
            return {"none"}
        return {files[path].change for files in (self.former, self.new) if path in files} or {"none"}

    def apply(self) -> int:
        """Exit code; see main."""
        if not self.paths:
            self._commit()
            print("unchanged")
            return 0
        if against := refusal(self.new):
            if not self.interrupted:
                raise Refused(against)
            # Of this run's own files none is kept yet, and none changed.
            self.paths, self.changes = sorted(self.interrupted), self.due
            return self._put_back(Refused(against))
        for path in self.paths:
            if path not in self.interrupted:
                put(_kept(path), on_disk(path))
        put(NOTES, state_file(json.dumps({"before": self.before, "units": sorted(self.units)})))
        put(JOURNAL, state_file(json.dumps(sorted(self.changes))))
        try:
            self._reach(self.settings, self.new.get)
        except (RuntimeError, OSError, LookupError, subprocess.SubprocessError) as reason:
            return self._put_back(reason)
        self._commit()
        return 0

    def _reach(self, settings: dict[str, Any], wanted: Callable[[str], File | None]) -> None:
        removed = [path for path in self.paths if not wanted(path)]
        gone = {unit for path in removed if (unit := unit_of(path))}.union(self.units - {*settings["enable"]})
        leave(gone)
        # A unit's program is there before the unit that runs it, and until the unit runs another.
        last = [path for path in removed if path.startswith(PROGRAMS)]
        first = [path for path in self.paths if path.startswith(PROGRAMS) and path not in removed]
        for path in [*first, *(path for path in self.paths if path not in {*first, *last})]:
            put(path, wanted(path))
            print("removed" if path in removed else "changed", path, flush=True)
        carry_out(self.changes, gone, settings.get("runtime", {}))
        systemctl("enable", "--now", *settings["enable"])
        wait_for_health(settings)
        for path in last:
            put(path, None)
            _forget_bytecode(Path(path))
            print("removed", path, flush=True)

    def _put_back(self, reason: Exception) -> int:
        print(f"failed: {reason}", file=sys.stderr)
        print_journals(self.settings["enable"])
        if not self.former:
            return 1
        try:
            self._reach(_settings(self.former), lambda path: on_disk(_kept(path)))
        except (RuntimeError, OSError, LookupError, subprocess.SubprocessError) as second:
            print(f"putting the former set back: {second}", file=sys.stderr)
            return 1
        self._forget()
        print("the former set is back", file=sys.stderr)
        return 1

    def _commit(self) -> None:
        put(CURRENT, state_file(self.text))
        self._forget()

    def _forget(self) -> None:
        put(JOURNAL, None)
        put(NOTES, None)
        shutil.rmtree(STATE / "kept", ignore_errors=True)


def _settings(files: dict[str, File]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[SETTINGS].content) if SETTINGS in files else {}
    return found


def _forget_bytecode(program: Path) -> None:
    cache = program.parent / "__pycache__"
    for compiled in cache.glob(f"{program.stem}.*.pyc"):
        compiled.unlink()
    for folder in (cache, program.parent):
        # While others are in it, it stays.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _kept(path: str) -> str:
    return f"{STATE}/kept{path}"


def _digest(file: File | None) -> str | None:
    return sha256(file.content).hexdigest() if file else None


def _read(path: str) -> str:
    return Path(path).read_text() if os.path.exists(path) else ""
