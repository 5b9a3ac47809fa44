"""The end of a first boot: the services, once all files are there."""

import subprocess
import sys
from typing import Any

from apply import kernel
from apply.disk import remove
from apply.file_set import NOTES
from apply.services import check, print_journals, systemctl, wait_for_health


def start(settings: dict[str, Any], changes: set[str]) -> int:
    """Exit 0 when the host is well; `changes` is what its files ask for when they change."""
    units: list[str] = settings["enable"]
    try:
        systemctl("daemon-reload")
        kernel.load()
        restarts = {change[8:] for change in changes if change.startswith("restart:")}
        for unit in sorted(restarts.difference(units)):
            systemctl("restart", unit)
        if problem := check(settings["validate"]):
            raise RuntimeError(problem)
        systemctl("enable", *units)
        # Not start: a package may have started them with a configuration of its own.
        systemctl("restart", *units)
        wait_for_health(settings)
        remove(NOTES)
    except (RuntimeError, OSError, LookupError, ValueError, subprocess.SubprocessError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        print_journals(units)
        return 1
    return 0
