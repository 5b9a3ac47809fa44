"""A host that is to go has stopped its services for good; one that stays after all starts them again."""

import subprocess

from residents.reports import RUN, publish

# Names the units; gone with the next boot.
LEFT = RUN / "left"
STOP_SECONDS = 300


def leave(units: list[str]) -> None:
    """Stops them in this order. Noted first: what a stop does otherwise for clients is done already."""
    publish(LEFT.name, f"{' '.join(units)}\n")
    for unit in units:
        try:
            subprocess.run(["systemctl", "stop", unit], timeout=STOP_SECONDS)
        except (OSError, subprocess.SubprocessError) as reason:
            print(f"systemctl stop {unit}: {reason!r}", flush=True)
