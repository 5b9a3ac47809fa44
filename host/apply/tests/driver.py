"""Runs apply_config.py in a process of its own, which can be made to die at any step that leaves a trace."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, "/usr/local/lib/emqx-haproxy")
sys.dont_write_bytecode = True
cloud, left = f"127.0.0.1:{sys.argv[1]}", int(sys.argv[2])


class Local(http.client.HTTPConnection):
    """Whatever is asked for over HTTP, the test's cloud answers: nothing leaves this machine."""

    def __init__(self, host: str, timeout: float) -> None:
        super().__init__(cloud, timeout=timeout)


http.client.HTTPConnection = Local  # type: ignore[misc,assignment]
http.client.HTTPSConnection = Local  # type: ignore[misc,assignment]


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
    for owner, name in (
        (Path, "replace"),
        (Path, "unlink"),
        (os, "open"),
        (subprocess, "run"),
        (shutil, "rmtree"),
    ):
        setattr(owner, name, mortal(getattr(owner, name)))

import apply_config  # noqa: E402

sys.exit(apply_config.main(sys.argv[3:]))
