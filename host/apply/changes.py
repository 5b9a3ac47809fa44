"""What a changed file asks of a running host: none, sysctl, or runtime:, reload:, restart: and a unit."""

import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from apply import kernel
from apply.saying import say, told
from apply.services import systemctl

EFFORTS = ["runtime", "reload", "restart"]


def carry_out(
    changes: Collection[tuple[str, str]], gone: Collection[str], runtime: Mapping[str, list[str]]
) -> Iterator[Callable[[], object]]:
    """
    The least that is enough for (path, change) pairs, step by step, and nothing to units that are `gone`.

    `runtime` has a command for each unit that takes files while it runs: `COMMAND load FILE...` fails when
    that takes a reload, `COMMAND loaded FILE...` comes once the files are in force.
    """
    if any(path.startswith("/etc/systemd/") for path, _ in changes):
        yield partial(systemctl, "daemon-reload")
    if any(change == "sysctl" for _, change in changes):
        yield kernel.load
    wanted: dict[str, str] = {}
    for _, change in changes:
        kind, _, unit = change.partition(":")
        if unit and unit not in gone:
            wanted[unit] = max(kind, wanted.get(unit, kind), key=EFFORTS.index)
    for unit, kind in sorted(wanted.items()):
        files = sorted(path for path, change in changes if change == f"runtime:{unit}")
        yield partial(_change, unit, kind, files, runtime.get(unit, []))


def _change(unit: str, kind: str, files: list[str], command: list[str]) -> None:
    if not (kind == "runtime" and command and _told([*command, "load", *files])):
        systemctl("restart" if kind == "restart" else "reload-or-restart", unit)
    if files and command:
        _told([*command, "loaded", *files])


def _told(command: list[str]) -> bool:
    try:
        return subprocess.run(command, timeout=120).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as reason:
        say(f"{' '.join(command)}: {told(reason)}")
        return False
