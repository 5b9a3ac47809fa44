"""Packages of a run: had before anything is touched, put in quietly, taken back without asking anybody."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apply import apt
from apply.disk import on_disk, put
from apply.file_set import STATE, File
from apply.packages import PACKAGES, Exchange, Package, installed, planned, read, settings
from apply.saying import say
from apply.services import systemctl

# The package of each version that is installed, and until a run has ended of the one before.
CACHE = STATE / "packages"
PARTIAL = CACHE / "partial"


class Exchanges:
    """All of a run; at first what an interrupted one has left."""

    def __init__(self, noted: list[dict[str, Any]]) -> None:
        self._interrupted = read(noted)
        self.due: list[Exchange] = planned({}, self._interrupted, {})

    def plan(self, files: Mapping[str, File], newest: Mapping[str, str]) -> None:
        """What a set asks for, with the newest of packages that it names without a version."""
        self.due = planned(files, self._interrupted, newest)

    def noted(self) -> list[dict[str, Any]]:
        """For the run's notes: what to go back to."""
        return [each.former.noted() for each in self.due]

    def restarts(self) -> set[tuple[str, str]]:
        """The changes that they ask of services."""
        return {(PACKAGES, f"restart:{each.new.unit}") for each in self.due}

    def fetch(self, files: Mapping[str, File]) -> None:
        """Both packages of each, and what the new one depends on; nothing that runs is changed."""
        missing = [each for each in self.due if installed(each.new.name) != each.new.version]
        if not missing:
            return
        CACHE.mkdir(parents=True, exist_ok=True, mode=0o700)
        with apt.sources(settings(files).get("repositories", [])) as options:
            apt.update(options)
            for each in missing:
                _have(each.new, options)
                try:
                    _have(each.former, options)
                except RuntimeError as reason:
                    raise RuntimeError(
                        f"{each.former.name} {each.former.version} could not be put back, since its package "
                        f"is nowhere any more; put it into {CACHE}, or raise imageGeneration: {reason}"
                    ) from reason
            apt.install([str(_file(each.new)) for each in missing], *options, "--download-only")
        _need_room([each.new for each in missing])

    def put_in(self) -> None:
        """The new versions, held; no service notices before it is restarted."""
        for each in self.due:
            _put_in(each.new)

    def take_back(self) -> None:
        """The former versions."""
        for each in self.due:
            _put_in(each.former)

    def done(self) -> None:
        """The package that is in force is kept for the next run."""
        for each in self.due:
            for file in CACHE.glob(apt.file_name(each.new.name, "*")):
                if not file.match(apt.file_name(each.new.name, each.new.version or "")):
                    with contextlib.suppress(OSError):
                        file.unlink()


def mend(files: Mapping[str, File]) -> None:
    """Files that a package's scripts have touched: EMQX's give all of its folder to EMQX."""
    for path, file in files.items():
        if on_disk(path) != file:
            put(path, file)


def with_rights(entries: list[dict[str, Any]]) -> dict[str, File]:
    """Secrets as they lie there, with the rights that they are to have."""
    found = [(entry, on_disk(entry["file"])) for entry in entries]
    return {
        entry["file"]: File(file.content, int(entry["mode"], 8), entry["owner"])
        for entry, file in found
        if file
    }


def _have(package: Package, options: list[str]) -> None:
    if _file(package):
        return
    if kept := apt.archives(package.name, package.version or ""):
        _keep(kept[0])
        return
    # apt leaves what it had got so far where the room ends or it is killed: that is no package.
    shutil.rmtree(PARTIAL, ignore_errors=True)
    PARTIAL.mkdir(mode=0o700)
    try:
        apt.download(f"{package.name}={package.version}", PARTIAL, options)
        for file in PARTIAL.iterdir():
            _keep(file)
    finally:
        shutil.rmtree(PARTIAL, ignore_errors=True)


def _keep(file: Path) -> None:
    put(f"{CACHE}/{file.name}", File(file.read_bytes(), 0o600, "root:root"))


def _file(package: Package) -> Path | None:
    found = sorted(CACHE.glob(apt.file_name(package.name, package.version or "")))
    return found[0] if found else None


def _need_room(packages: list[Package]) -> None:
    # dpkg has the former version's files beside the new ones until these are all there.
    needed = sum(2 * apt.unpacked_kib(file) for package in packages if (file := _file(package)))
    disk = os.statvfs("/usr")
    free = disk.f_bavail * disk.f_frsize // 1024
    if free < needed:
        raise RuntimeError(f"/usr has {free} KiB free, and {needed} are needed for a moment")


def _put_in(package: Package) -> None:
    # Also where nothing is left to do: a run that was cut off has not ended its quiet.
    with apt.quiet():
        if installed(package.name) != package.version:
            if package.stopped:
                systemctl("stop", package.unit)
            say("installing", f"{package.name} {package.version}")
            apt.finish()
            apt.install([str(_file(package) or f"{package.name}={package.version}")])
            systemctl("daemon-reload")
            if (there := installed(package.name)) != package.version:
                raise RuntimeError(f"{package.name} is {there} after {package.version} was installed")
    apt.hold(package.name)
