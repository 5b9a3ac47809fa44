"""Makes a running host equal to a file set, or leaves it as it was."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from apply.changes import carry_out
from apply.file_set import AWS, CURRENT, SETTINGS, STATE, File, on_disk, parse, put, state_file
from apply.secret_files import secret_files, secret_paths
from apply.services import print_journals, systemctl, wait_for_health
from apply.staging import refusal

JOURNAL = f"{STATE}/journal.json"
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
        self.new, self.former = parse(text), parse(_read(CURRENT))
        if SETTINGS not in self.new:
            raise Refused(f"the set has no {SETTINGS}")
        self.settings: dict[str, Any] = json.loads(self.new[SETTINGS].content)
        due = [(path, change) for path, change in json.loads(_read(JOURNAL) or "[]")]
        self.interrupted = {path for path, _ in due}
        gone = set(self.former)
        if AWS in self.new:
            self.new |= secret_files(json.loads(self.new[AWS].content), SECRETS_SECONDS)
        if AWS in self.former:
            gone |= secret_paths(json.loads(self.former[AWS].content))
        changed = {path for path, file in self.new.items() if on_disk(path) != file}
        self.paths = sorted(changed | self.interrupted | (gone - self.new.keys()))
        changes = (
            (path, files[path].change)
            for files in (self.former, self.new)
            for path in self.paths
            if path in files
        )
        self.changes = {*due, *changes}

    def apply(self) -> int:
        """Exit code; see main."""
        if not self.paths:
            self._commit()
            print("unchanged")
            return 0
        if against := refusal(self.new):
            if not self.interrupted:
                raise Refused(against)
            return self._put_back(Refused(against))
        for path in self.paths:
            if path not in self.interrupted:
                put(_kept(path), on_disk(path))
        put(JOURNAL, state_file(json.dumps(sorted(self.changes))))
        try:
            self._swap()
            self._start()
            wait_for_health(self.settings)
        except (RuntimeError, OSError, LookupError, subprocess.SubprocessError) as reason:
            return self._put_back(reason)
        self._commit()
        return 0

    def _swap(self) -> None:
        units = json.loads(self.former[SETTINGS].content)["enable"] if self.former else []
        if gone := [unit for unit in units if unit not in self.settings["enable"]]:
            systemctl("disable", "--now", *gone)
        for path in self.paths:
            put(path, self.new.get(path))
            print("changed" if path in self.new else "removed", path, flush=True)

    def _start(self) -> None:
        carry_out(self.changes, self.settings.get("runtime", {}))
        systemctl("enable", "--now", *self.settings["enable"])

    def _put_back(self, reason: Exception) -> int:
        print(f"failed: {reason}", file=sys.stderr)
        print_journals(self.settings["enable"])
        if not self.former:
            return 1
        self.settings = json.loads(self.former[SETTINGS].content)
        try:
            for path in self.paths:
                put(path, on_disk(_kept(path)))
            self._start()
            wait_for_health(self.settings)
        except (RuntimeError, OSError, subprocess.SubprocessError) as second:
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
        shutil.rmtree(STATE / "kept", ignore_errors=True)


def _kept(path: str) -> str:
    return f"{STATE}/kept{path}"


def _digest(file: File | None) -> str | None:
    return hashlib.sha256(file.content).hexdigest() if file else None


def _read(path: str) -> str:
    return Path(path).read_text() if os.path.exists(path) else ""
