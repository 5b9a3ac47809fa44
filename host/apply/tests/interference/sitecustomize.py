"""Python loads it in every program of a test's host: AWS is the test's, and one program may have to die."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if "CLOUD_PORT" in os.environ:
    import http.client

    class Local(http.client.HTTPConnection):
        """Whatever is asked for over HTTP, the test's cloud answers: nothing leaves this machine."""

        def __init__(self, host: str, timeout: float) -> None:
            super().__init__(f"127.0.0.1:{os.environ['CLOUD_PORT']}", timeout=timeout)

    http.client.HTTPConnection = Local  # type: ignore[misc,assignment]
    http.client.HTTPSConnection = Local  # type: ignore[misc,assignment]

# Of the first program only, be it in a unit of its own, and at any step that leaves a trace.
passes_it_on = "systemd-run" in sys.orig_argv[1] or "--apart" in sys.orig_argv
left = -1 if passes_it_on else int(os.environ.pop("KILL_AT", "-1"))


def mortal(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step, unless it is the one to die at."""

    def counted(*arguments: Any, **options: Any) -> Any:
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return step(*arguments, **options)

    return counted


if left >= 0:
    steps: list[tuple[Any, str]] = [
        (Path, "replace"),
        (Path, "unlink"),
        *((os, name) for name in ("rename", "unlink", "link")),
        (subprocess, "Popen"),
        (shutil, "rmtree"),
    ]
    for owner, name in steps:
        setattr(owner, name, mortal(getattr(owner, name)))
