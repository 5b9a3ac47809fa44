"""A host that is to go has stopped its services for good; one that stays after all starts them again."""

import subprocess

from apply.saying import say
from residents.reports import RUN, publish

# Names the units; gone with the next boot.
LEFT = RUN / "left"
STOP_SECONDS = 300


def leave(units: list[str]) -> None:
    """Stops them in this order, and says which it could not. Noted first: what a stop does otherwise for
    clients is done already."""
    try:
        publish(LEFT.name, f"{' '.join(units)}\n")
    except OSError as reason:
        say(f"{LEFT}: {reason}")
    for unit in units:
        if against := _stop(unit):
            say(f"systemctl stop {unit}: {against}")


def _stop(unit: str) -> str:
    command = ["systemctl", "stop", unit]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=STOP_SECONDS)
    except (OSError, subprocess.SubprocessError) as failure:
        return repr(failure)
    return f"exit {done.returncode}: {done.stderr.strip()}" if done.returncode else ""
