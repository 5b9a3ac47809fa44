"""EMQX's own command line, run as EMQX's user: the script is that user's, so root must not run it."""

import contextlib
import os
import signal
import subprocess

# None runs it as oneself.
USER: str | None = "emqx"
SECONDS = 20


def emqx_ctl(*words: str, seconds: float = SECONDS) -> str:
    """What `emqx ctl` prints. Its exit code tells nothing: `broker stats` has 1, a failed `leave` 0."""
    return emqx("ctl", *words, seconds=seconds)


def emqx(*words: str, seconds: float = SECONDS) -> str:
    """What `emqx` prints."""
    command = ["emqx", *words]
    # A group of its own: the script starts children, which would outlive it.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        user=USER,
        group=USER,
        extra_groups=None if USER is None else [],
        cwd="/",
        env={**os.environ, "HOME": "/var/lib/emqx"},
    )
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
