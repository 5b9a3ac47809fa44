"""What a run notes and keeps before it changes anything, so that the next one can finish or undo it."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from apply.disk import discard, keep, put, remove, restore, sync
from apply.file_set import NOTES, STATE, state_file

# Every release reads these two; NOTES has what the journal has no room for.
JOURNAL = f"{STATE}/journal.json"
KEPT = f"{STATE}/kept"

Change = tuple[str, str]


class Journal:
    """Of a run that was interrupted, where there is one, and then of this one."""

    def __init__(self, before: str) -> None:
        """`before` is the digest of the set in force."""
        notes: dict[str, Any] = json.loads(_read(NOTES) or "{}")
        # Another set in force than it began with: that run was done but for its journal.
        journal = _read(JOURNAL) if notes.get("before", before) == before else ""
        self.before = before
        self.due: set[Change] = {(path, change) for path, change in json.loads(journal or "[]")}
        self.interrupted = {path for path, _ in self.due}
        # A first boot that did not end: nothing of this host was in force before.
        self.first_boot: bool = notes.get("firstBoot", False)
        # Units of no set, which it may have started.
        self.units: list[str] = notes.get("units", []) if self.due else []
        # Packages as they were.
        self.packages: list[dict[str, Any]] = notes.get("packages", []) if self.due else []
        self._paths: set[str] = {*notes.get("paths", []), *self.interrupted}
        # Releases until 0.1.0 kept a copy of whatever was there.
        absent = notes.get("absent", [path for path in self.interrupted if not os.path.lexists(kept(path))])
        self._absent: set[str] = set(absent) & self.interrupted
        if not self.due and not self.first_boot:
            self.forget()

    def former(self, path: str) -> str | None:
        """Where the file lies that was there before; None where none was."""
        if path in self._absent:
            return None
        return kept(path) if path in self.interrupted and os.path.lexists(kept(path)) else path

    def note(self, paths: Iterable[str], units: Iterable[str], packages: list[dict[str, Any]]) -> None:
        """Before the first trace of a run: what may have to be taken away."""
        self._absent |= {path for path in {*paths} - self.interrupted if not os.path.lexists(path)}
        self._paths |= {*paths}
        notes = {
            "before": self.before,
            "units": sorted(units),
            "paths": sorted(self._paths),
            "absent": sorted(self._absent),
            "packages": packages,
            "firstBoot": self.first_boot,
        }
        put(NOTES, state_file(json.dumps(notes)))

    def begin(self, changes: set[Change]) -> None:
        """From here on the run is to be finished or undone."""
        for path in {path for path, _ in changes} - self._absent:
            if path not in self.interrupted or self.former(path) == path:
                keep(path, kept(path))
        sync(kept(path) for path, _ in changes)
        put(JOURNAL, state_file(json.dumps(sorted(changes))))
        self.due = changes
        self.interrupted = {path for path, _ in changes}

    def undo(self, path: str) -> None:
        """The file as it was; what was put back before stays."""
        where = self.former(path)
        if where is None:
            remove(path)
        elif where != path:
            restore(where, path)

    def discard(self) -> None:
        """What was written and is in no place yet: it holds room."""
        for path in self._paths:
            discard(path)

    def forget(self) -> None:
        """Nothing is left to finish or undo."""
        remove(JOURNAL)
        self.discard()
        remove(NOTES)
        shutil.rmtree(KEPT, ignore_errors=True)


def kept(path: str) -> str:
    """Where a file is kept while another is in its place."""
    return f"{KEPT}{path}"


def _read(path: str) -> str:
    return Path(path).read_text() if os.path.exists(path) else ""
