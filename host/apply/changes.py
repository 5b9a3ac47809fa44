"""What a changed file asks of a running host: none, sysctl, or runtime:, reload:, restart: and a unit."""

import subprocess
from collections.abc import Collection, Mapping

from apply.services import load_kernel_settings, systemctl

EFFORTS = ["runtime", "reload", "restart"]


def carry_out(
    changes: Collection[tuple[str, str]], gone: Collection[str], runtime: Mapping[str, list[str]]
) -> None:
    """
    Does the least that is enough for (path, change) pairs, and nothing to units that are `gone`.

    `runtime` has a command for each unit that takes files while it runs: `COMMAND load FILE...` fails when
    that takes a reload, `COMMAND loaded FILE...` comes once the files are in force.
    """
    if any(path.startswith("/etc/systemd/") for path, _ in changes):
        systemctl("daemon-reload")
    if any(change == "sysctl" for _, change in changes):
        load_kernel_settings()
    wanted: dict[str, str] = {}
    for _, change in changes:
        kind, _, unit = change.partition(":")
        if unit and unit not in gone:
            wanted[unit] = max(kind, wanted.get(unit, kind), key=EFFORTS.index)
    for unit, kind in sorted(wanted.items()):
        files = sorted(path for path, change in changes if change == f"runtime:{unit}")
        taken = kind == "runtime" and unit in runtime and _told([*runtime[unit], "load", *files])
        if not taken:
            systemctl("restart" if kind == "restart" else "reload-or-restart", unit)
        if files and unit in runtime:
            _told([*runtime[unit], "loaded", *files])


def _told(command: list[str]) -> bool:
    try:
        return subprocess.run(command, timeout=120).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as reason:
        print(f"{' '.join(command)}: {reason}", flush=True)
        return False
