"""What a run tells, to whoever still listens: it decides nothing."""

import os
import subprocess
import sys
from typing import TextIO

complaints: list[str] = []
_lost = False


def say(*words: str) -> None:
    """A line of what was done."""
    pass_on(sys.stdout, " ".join(words) + "\n")


def complain(*words: str) -> None:
    """A line of what went wrong."""
    complaints.append(" ".join(words))
    pass_on(sys.stderr, complaints[-1] + "\n")


def told(reason: Exception) -> str:
    """What an exception says; some say nothing without their names."""
    plain = isinstance(reason, (RuntimeError, OSError, ValueError, subprocess.SubprocessError))
    return str(reason) if plain else repr(reason)


def listener_lost() -> bool:
    """Whether something could not be told."""
    return _lost


def pass_on(stream: TextIO, text: str) -> None:
    """As it is."""
    global _lost
    try:
        # Whatever the terminal's encoding has no characters for.
        stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
        stream.flush()
    except OSError:
        # Nobody listens any more, or the disk is full: nor shall the programs that are run now mind.
        _lost = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
