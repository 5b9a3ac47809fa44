"""Which EMQX may take over the data of which: `broker.upgrades FROM TO` exits 1 and says why not;
`broker.upgrades data` asks it of the version that is installed and the one that had the data volume last."""

import contextlib
import re
import subprocess
import sys
from pathlib import Path

from apply.journal import JOURNAL
from apply.packages import installed
from broker import on_volume

# Written by the agent once a version serves for good, and goes with the volume from host to host.
NOTE = Path("/var/lib/emqx/emqx-haproxy-version")
EDITIONS = ("emqx", "emqx-enterprise")
# EMQX's table of rolling upgrades, as far as its lines are supported here: docs/operations.md.
LINES = [(5, 8), (5, 9), (5, 10), (6, 0), (6, 1), (6, 2), (6, 3)]
# A header of OpenTelemetry came with 5.8.7, and is known to later lines from these on.
FROM_5_8_7 = {(5, 9): 1, (5, 10): 1}

Version = tuple[int, int, int]


def refusal(before: str, after: str) -> str:
    """Why the one may not follow the other; nothing when it may."""
    former, new = parsed(before), parsed(after)
    if former is None or new is None:
        return f"{(before if former is None else after)[:40]} is no release such as 5.8.9"
    if new < former:
        return (
            f"a downgrade from {before} to {after} is not supported by EMQX, since {before} may have changed "
            f"the data: go on with {before} or a newer one, or restore a backup into new brokers"
        )
    if former[:2] == new[:2]:
        return ""
    if former[:2] not in LINES:
        return f"from {before} EMQX knows no rolling upgrade to {after}: go to 5.8 first"
    if new[:2] not in LINES:
        return f"whether {after} may follow {before} is not known here; known are the lines up to 6.3"
    least = FROM_5_8_7.get(new[:2], 0)
    if (5, 8, 7) <= former < (5, 9, 0) and new[2] < least:
        return f"after {before} the first of its line is {new[0]}.{new[1]}.{least}, not {after}"
    return ""


def parsed(version: str) -> Version | None:
    """Its three numbers, without what a distribution adds."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)(?![\d.])", version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def here() -> str | None:
    """The version that is installed, of whichever edition."""
    return next((version for name in EDITIONS if (version := installed(name))), None)


class Note:
    """The version that the data is of, once a run of the agent has seen it serve for good."""

    def __init__(self) -> None:
        self._written = False

    def write(self) -> None:
        """While files or packages of this host are changed it may still be taken back."""
        if self._written or Path(JOURNAL).exists():
            return
        # Neither a full volume nor a silent dpkg is a reason not to serve.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            version = here()
            if version and noted() != version:
                on_volume.keep(NOTE, f"{version}\n")
            self._written = True


def noted() -> str:
    """The version that had the data last; empty where none is noted."""
    return on_volume.read(NOTE).strip()


def data_refusal() -> str:
    """A version that is being tried, or taken back, is judged by whoever does that."""
    if Path(JOURNAL).exists():
        return ""
    try:
        former, version = noted(), here()
    except OSError as reason:
        return f"which one had it last cannot be read: {reason}"
    return refusal(former, version) if former and version else ""


def main(arguments: list[str]) -> int:
    """Exit 1 with the reason."""
    against = data_refusal() if arguments == ["data"] else refusal(*arguments)
    if against:
        print(f"the data is of another version: {against}" if arguments == ["data"] else against)
    return 1 if against else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
