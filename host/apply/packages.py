"""The packages of packages.json: which version is installed, which is to be, and whether it may."""

import json
import re
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from apply.file_set import File

PACKAGES = "/etc/emqx-haproxy/packages.json"
INSTALLED = re.compile(r"^installed (\S+)$")


@dataclass(frozen=True)
class Package:
    """One of packages.json; without a version, whichever is installed stays."""

    name: str
    version: str | None
    # Restarted once the package has changed; `stopped`: it must not run while its files change.
    unit: str
    stopped: bool
    # `COMMAND FROM TO` fails, and says why, where one version may not follow the other.
    guard: tuple[str, ...]

    def of(self, version: str) -> "Package":
        """The same, in a version."""
        return Package(self.name, version, self.unit, self.stopped, self.guard)

    def noted(self) -> dict[str, Any]:
        """As `read` takes it."""
        own = {"name": self.name, "version": self.version, "unit": self.unit, "stopped": self.stopped}
        return {**own, "guard": [*self.guard]}


@dataclass(frozen=True)
class Exchange:
    """One version for another."""

    former: Package
    new: Package


def read(values: list[dict[str, Any]]) -> list[Package]:
    """What packages.json or a run's notes say."""
    return [
        Package(own["name"], own["version"], own["unit"], own["stopped"], tuple(own["guard"]))
        for own in values
    ]


def settings(files: Mapping[str, File]) -> dict[str, Any]:
    """packages.json of a set; sets of former releases have none."""
    found: dict[str, Any] = json.loads(files[PACKAGES].content) if PACKAGES in files else {}
    return found


def planned(files: Mapping[str, File], interrupted: Collection[Package]) -> list[Exchange]:
    """What is to be done for a set, and for a run that was cut off: what the set does not name goes back."""
    formers = {package.name: package for package in interrupted}
    wanted = {package.name: package for package in read(settings(files).get("packages", []))}
    found = []
    for name in sorted({*formers, *wanted}):
        former = formers.get(name)
        package = wanted.get(name) or formers[name]
        version = package.version or (former.version if former else None)
        here = installed(name)
        if version is None or (former is None and here == version):
            continue
        before = former.version if former else here
        if before is None:
            raise ValueError(
                f"{name} is not installed here, and only a new host gets another package: "
                "raise imageGeneration in the same change"
            )
        if before != version:
            _allow(package, before, version)
        found.append(Exchange(package.of(before), package.of(version)))
    return found


def installed(name: str) -> str | None:
    """The version that is there as a whole."""
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", name]
    done = subprocess.run(query, capture_output=True, text=True, timeout=60)
    match = INSTALLED.match(done.stdout)
    return match[1] if match else None


def _allow(package: Package, before: str, version: str) -> None:
    if not package.guard:
        return
    done = subprocess.run(
        [*package.guard, before, version], capture_output=True, text=True, timeout=60, cwd="/"
    )
    if done.returncode:
        raise ValueError(f"{package.name}: {done.stdout.strip()}{done.stderr.strip()}")
