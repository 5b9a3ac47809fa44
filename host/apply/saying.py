"""What a run tells, to whoever still listens: it decides nothing."""

import os
import subprocess
import sys
from typing import TextIO


def say(*words: str) -> None:
    """A line of what was done."""
    _say(sys.stdout, " ".join(words))


def complain(*words: str) -> None:
    """A line of what went wrong."""
    _say(sys.stderr, " ".join(words))


def told(reason: Exception) -> str:
    """What an exception says; some say nothing without their names."""
    plain = isinstance(reason, (RuntimeError, OSError, ValueError, subprocess.SubprocessError))
    return str(reason) if plain else repr(reason)


def _say(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        # Nobody listens any more, or the disk is full: nor shall the programs that are run now mind.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
