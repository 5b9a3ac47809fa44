"""One run: a set is checked, put into force and watched, or the former one is put back."""

import contextlib
import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from apply import kernel
from apply.changes import carry_out
from apply.confirm import is_way_in, wait_for_word
from apply.disk import on_disk, prepare, put, remove, swap, sync
from apply.exchange import Exchanges, mend, with_rights
from apply.file_set import AWS, CURRENT, PROGRAMS, SETTINGS, TAKEN_BACK, File, parse, state_file
from apply.journal import Journal
from apply.packages import PACKAGES
from apply.saying import complain, say, told
from apply.secret_files import secret_files, secret_paths
from apply.services import at_rest, check, enable, leave, print_journals, wait_for_health
from apply.staging import refusal
from apply.unit_files import runs_on, unit_of
from apply.updates import Updates
from cloud.aws import AwsError

SECRETS_SECONDS = 30


class Refused(RuntimeError):
    """The set cannot be applied."""


class Run:
    """It may take over from one that was interrupted: then that one is finished too, or undone."""

    def __init__(self, text: str | None) -> None:
        current = Path(CURRENT).read_text() if os.path.exists(CURRENT) else ""
        self.again = text is None
        self.text = current if text is None else text
        self.former = parse(current)
        self.journal = Journal(sha256(current.encode()).hexdigest())
        # All that this run has to do with; at first, what an interrupted one has left.
        self.paths = sorted(self.journal.interrupted)
        self.changes = self.journal.due
        self.units = {*self.journal.units, *_settings(self.former).get("enable", [])}
        self.new: dict[str, File] = {}
        self.gone: set[str] = set()
        self.settings: dict[str, Any] = {}
        self.packages = Exchanges(self.journal.packages)
        self.updates = Updates()
        # Whether a service may run what was placed.
        self.in_use = bool(self.paths)

    def apply(self) -> int:
        """Exit code: 0 when the set is in force and the host is well."""
        if self.paths:
            complain("the run before was cut off half way; it is finished or undone now")
        # Whatever goes wrong, also in what others have written, has one end.
        try:
            self._plan()
            if not self.paths:
                return self._look_after()
            self.packages.fetch(self.new)
            # A set for another version is judged by that version, once it is there.
            if not self.packages.due and (against := refusal(self.new)):
                raise Refused(against)
            self._begin()
        except Exception as reason:
            return self._refuse(reason)
        try:
            for step in self._steps(self.settings, self._is_to_be, self._place, forward=True):
                step()
            # Who is on the host by other means than `apart` is not kept out.
            if _is_apart() and (self.packages.due or is_way_in(self.paths) or self._changes_with_others()):
                wait_for_word()
            swap(CURRENT)
        except Exception as reason:
            return self._put_back(reason)
        self.updates.done()
        self.journal.forget()
        self.packages.done()
        return 0

    def _plan(self) -> None:
        self.new = parse(self.text)
        if SETTINGS not in self.new:
            raise Refused(f"the set has no {SETTINGS}")
        self.settings = _settings(self.new)
        self.gone = set(self.former)
        if AWS in self.new:
            self.new |= self._secrets(json.loads(self.new[AWS].content))
        if AWS in self.former:
            self.gone |= secret_paths(json.loads(self.former[AWS].content))
        self.gone -= self.new.keys()
        changed = {path for path, file in self.new.items() if on_disk(path) != file}
        if self.journal.first_boot:
            # Whatever is there, nothing runs on it yet.
            changed |= self.new.keys()
        self.updates.plan(self.new)
        self.packages.plan(self.new, self.updates.newest)
        if self.packages.due or self.updates.due:
            changed.add(PACKAGES)
        self.paths = sorted(changed | self.journal.interrupted | self.gone)
        self.changes = {
            *self.changes,
            *((path, each) for path in self.paths for each in self._asked_by(path)),
            *self.packages.restarts(),
        }
        self.units |= {*self.settings["enable"]}

    def _changes_with_others(self) -> bool:
        # Secrets come to each host by itself.
        return bool(self.settings.get("together")) and not self.again

    def _secrets(self, own: dict[str, Any]) -> dict[str, File]:
        try:
            return secret_files(own, SECRETS_SECONDS)
        except ValueError as reason:
            here = {entry["file"]: on_disk(entry["file"]) for entry in own["secrets"]}
            same = AWS in self.former and own["secrets"] == json.loads(self.former[AWS].content)["secrets"]
            # A change of other files need not wait for AWS, one of the secrets must.
            if self.again or not same or not isinstance(reason.__cause__, AwsError):
                raise
            complain(f"{reason}: secrets stay as they are on this host")
            return {path: file for path, file in here.items() if file}

    def _asked_by(self, path: str) -> set[str]:
        former = self.journal.former(path)
        before, after = on_disk(former) if former else None, self.new.get(path)
        if before and after and runs_on(path, before.content, after.content):
            return {"none"}
        return {files[path].change for files in (self.former, self.new) if path in files} or {"none"}

    def _look_after(self) -> int:
        """Files are no service: it runs, will after a reboot, and does its part."""
        try:
            enable(at_rest(self.settings["enable"]))
            wait_for_health(self.settings)
            put(CURRENT, state_file(self.text))
        except Exception as reason:
            complain(f"the files are as the set says, but this host is not well: {told(reason)}")
            self._print_journals()
            return 1
        say("unchanged")
        return 0

    def _begin(self) -> None:
        # What needs room on the disk is written before anything takes a place; an undo needs none.
        self.journal.note({*self.paths, CURRENT}, self.units, self.packages.noted(), self._kernel_before())
        for path in self.paths:
            if path in self.new:
                prepare(path, self.new[path])
        prepare(CURRENT, state_file(self.text))
        remove(TAKEN_BACK)
        self.journal.begin(self.changes)

    def _kernel_before(self) -> dict[str, str]:
        return kernel.values_of(sorted(_kernel_keys(self.new) - _kernel_keys(self.former)))

    def _put_kernel_back(self) -> None:
        kernel.put_back(self.journal.kernel)

    def _place(self, path: str) -> None:
        if path in self.new:
            swap(path)
        elif path in self.gone:
            remove(path)
        else:
            # Of an interrupted run, whose set is neither of the two.
            self.journal.undo(path)

    def _use(self) -> None:
        self.in_use = True

    def _judge(self) -> None:
        mend(self.new)
        if against := check(self.settings["validate"]):
            raise Refused(against)

    def _mend_former(self) -> None:
        secrets = json.loads(self.former[AWS].content)["secrets"] if AWS in self.former else []
        mend(self.former | with_rights(secrets))

    def _steps(
        self,
        settings: dict[str, Any],
        stays: Callable[[str], bool],
        place: Callable[[str], None],
        forward: bool,
    ) -> list[Callable[[], object]]:
        removed = [path for path in self.paths if not stays(path)]
        gone = {unit for path in removed if (unit := unit_of(path))}.union(self.units - {*settings["enable"]})
        # A unit's program is there before the unit that runs it, and until the unit runs another.
        last = [path for path in removed if path.startswith(PROGRAMS)]
        first = [path for path in self.paths if path.startswith(PROGRAMS) and path not in removed]
        others = [path for path in self.paths if path not in {*first, *last}]

        def place_one(path: str) -> None:
            place(path)
            if path in last:
                _forget_bytecode(Path(path))
            say("removed" if path in removed else "changed", path)

        def placing(path: str) -> Callable[[], object]:
            return lambda: place_one(path)

        exchange: list[Callable[[], object]] = []
        afterwards: list[Callable[[], object]] = []
        if self.packages.due:
            exchange = [self.packages.put_in if forward else self.packages.take_back]
            afterwards = [self._judge if forward else self._mend_former]
        if self.updates.due and forward:
            exchange.append(self.updates.put_in)
        return [
            lambda: leave(gone),
            *map(placing, first),
            *exchange,
            *map(placing, others),
            lambda: sync(self.paths),
            *afterwards,
            self._use,
            *carry_out(self.changes, gone, settings.get("runtime", {})),
            lambda: self.updates.restart(settings["enable"]),
            lambda: enable(self._to_be_enabled(settings["enable"])),
            lambda: wait_for_health(settings),
            *map(placing, last),
        ]

    def _to_be_enabled(self, units: list[str]) -> list[str]:
        # systemd reads all units anew at each time, so only what may have another answer is asked for.
        may_differ = self.packages.due or self.updates.due or any(map(unit_of, self.paths))
        return units if may_differ else at_rest(units)

    def _refuse(self, reason: Exception) -> int:
        if self.journal.interrupted and not self.journal.first_boot:
            # Of this run's own files none is in its place yet.
            self.paths, self.changes = sorted(self.journal.interrupted), self.journal.due
            return self._put_back(reason)
        complain(f"refused, nothing was changed: {told(reason)}")
        if self.journal.first_boot:
            self.journal.discard()
        else:
            self.journal.forget()
        return 1

    def _put_back(self, reason: Exception) -> int:
        complain(f"failed: {told(reason)}")
        self._print_journals()
        if not self.former or self.journal.first_boot:
            complain("no former set is there to put back; the next run goes on with this one")
            return 1
        if not self.in_use:
            self.changes -= self.packages.restarts()
        if _is_apart():
            with contextlib.suppress(FileNotFoundError):
                swap(CURRENT, instead=TAKEN_BACK)
        failed = 0
        for step in [
            self.journal.discard,
            *self._steps(_settings(self.former), self._was_there, self.journal.undo, forward=False),
            self._put_kernel_back,
        ]:
            # One that fails is no reason to leave the others undone.
            try:
                step()
            except Exception as second:
                failed += 1
                complain(f"putting the former set back: {told(second)}")
        if failed:
            complain("the next run goes on with it")
            return 1
        self.journal.forget()
        complain("the former set is back")
        return 1

    def _print_journals(self) -> None:
        with contextlib.suppress(Exception):
            print_journals(self.settings.get("enable", []))

    def _is_to_be(self, path: str) -> bool:
        return path in self.new or (path not in self.gone and self._was_there(path))

    def _was_there(self, path: str) -> bool:
        former = self.journal.former(path)
        return former is not None and os.path.lexists(former)


def _is_apart() -> bool:
    """Who is on the host by other means is not kept out, and has the set at hand."""
    return "STARTED_BY" in os.environ


def _settings(files: dict[str, File]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[SETTINGS].content) if SETTINGS in files else {"enable": []}
    return found


def _kernel_keys(files: dict[str, File]) -> set[str]:
    texts = [file.content.decode() for path, file in files.items() if path.startswith(kernel.FOLDER)]
    return {key for text in texts for key in kernel.keys_of(text)}


def _forget_bytecode(program: Path) -> None:
    cache = program.parent / "__pycache__"
    for compiled in cache.glob(f"{program.stem}.*.pyc"):
        compiled.unlink()
    for folder in (cache, program.parent):
        # While others are in it, it stays.
        with contextlib.suppress(OSError):
            folder.rmdir()
