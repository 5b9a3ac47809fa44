"""apt and dpkg as a program that nobody watches needs them."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apply.disk import put
from apply.file_set import File

ARCHIVES = Path("/var/cache/apt/archives")
SOURCES = Path("/etc/apt/sources.list.d")
POLICY = Path("/usr/sbin/policy-rc.d")
# Of whoever had one before.
FORMER_POLICY = Path("/usr/sbin/policy-rc.d.emqx-haproxy")
NO_SERVICES = b"#!/bin/sh\n# emqx-haproxy: a package that is installed leaves services alone.\nexit 101\n"
# Something else may hold apt's lock for minutes, such as an unattended upgrade.
LOCK_SECONDS = 240
SECONDS = 600
OPTIONS = [
    *("-qq", "--yes", "--allow-downgrades", "--allow-change-held-packages"),
    *("-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", "-o", "APT::Sandbox::User=root"),
    *("-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef"),
    # What dpkg complains of is said with what apt does, and not to a terminal.
    *("-o", "Dpkg::Use-Pty=0"),
    *("-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"),
]
ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
    "LC_ALL": "C",
}


@contextlib.contextmanager
def sources(repositories: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Options by which apt reads today's repositories beside the host's own, which stay as they are."""
    with tempfile.TemporaryDirectory(prefix="emqx-haproxy-apt-", dir="/run") as folder:
        for file in SOURCES.iterdir() if SOURCES.exists() else []:
            shutil.copy(file, folder)
        for own in repositories:
            key = Path(folder) / f"{own['name']}.asc"
            with urllib.request.urlopen(own["keyUrl"], timeout=30) as reply:
                key.write_bytes(reply.read())
            line = f"deb [signed-by={key}] {own['url']} {own['suite']} {own['component']}\n"
            (Path(folder) / f"{own['name']}.list").write_text(line)
        yield ["-o", f"Dir::Etc::sourceparts={folder}"]


def update(options: list[str]) -> None:
    """Fails where one repository does not answer."""
    _run(["apt-get", *OPTIONS, *options, "-o", "APT::Update::Error-Mode=any", "update"])


def download(package: str, folder: Path, options: list[str]) -> None:
    """`NAME=VERSION` into a folder."""
    _run(["apt-get", *OPTIONS, *options, "download", package], folder)


def install(packages: list[str], *options: str) -> None:
    """Names, or paths of packages; what was downloaded before is not asked for again."""
    _run(["apt-get", *OPTIONS, *options, "install", *packages])


def would_upgrade() -> str:
    """What an upgrade of all packages would do, held ones too; a line for each."""
    return _run(["apt-get", *OPTIONS, "--simulate", "--with-new-pkgs", "--ignore-hold", "upgrade"])


def finish() -> None:
    """What another was killed in the middle of; where that cannot be, whatever follows says so."""
    with contextlib.suppress(RuntimeError):
        _run(["dpkg", "--force-confold", "--force-confdef", "--configure", "--pending"])


def hold(name: str) -> None:
    """No upgrade of others takes it along."""
    _run(["apt-mark", "hold", name])


def archives(name: str, version: str) -> list[Path]:
    """Where apt has kept a package."""
    return sorted(ARCHIVES.glob(file_name(name, version)))


def file_name(name: str, version: str) -> str:
    """A pattern: of whichever architecture."""
    return f"{name}_{version.replace(':', '%3a')}_*.deb"


def unpacked_kib(file: Path) -> int:
    """What the package takes on the disk."""
    return int(_run(["dpkg-deb", "--field", str(file), "Installed-Size"]).strip() or 0)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Meanwhile packages leave services alone; where this is killed, the next one ends it."""
    if POLICY.exists() and POLICY.read_bytes() != NO_SERVICES:
        os.replace(POLICY, FORMER_POLICY)
    put(str(POLICY), File(NO_SERVICES, 0o755, "root:root"))
    try:
        yield
    finally:
        if FORMER_POLICY.exists():
            os.replace(FORMER_POLICY, POLICY)
        else:
            POLICY.unlink(missing_ok=True)


def _run(command: list[str], folder: Path = Path("/")) -> str:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            env=os.environ | ENVIRONMENT,
            cwd=folder,
        )
        if done.returncode == 0:
            return done.stdout
        # apt waits by itself for dpkg's lock, and not for those of its lists and archives.
        if "Could not get lock" in done.stderr and time.monotonic() < deadline:
            time.sleep(1)
            continue
        said = " ".join(line for line in done.stderr.split("\n") if line.strip())
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {said[-1500:]}")
