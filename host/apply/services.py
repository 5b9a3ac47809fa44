"""The host's services: start them, wait until they are well, say why not."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

SECRETS = Path("/etc/emqx-haproxy/secrets")


def systemctl(*words: str) -> None:
    """Runs and prints it; raises with its message when it fails."""
    print("systemctl", *words, flush=True)
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise RuntimeError(f"systemctl {' '.join(words)}: {done.stderr.strip()}")


def leave(units: Collection[str]) -> None:
    """Stops and disables units; one whose file is gone was disabled before."""
    for unit in sorted(units):
        if subprocess.run(["systemctl", "cat", unit], capture_output=True, timeout=60).returncode == 0:
            systemctl("disable", "--now", unit)


def load_kernel_settings() -> None:
    """A key that this kernel refuses is no reason to fail."""
    subprocess.run(["sysctl", "--quiet", "--system"])


def wait_for_health(settings: dict[str, Any]) -> None:
    """Until the host does its part; raises with what is wrong when that takes too long."""
    deadline = time.monotonic() + settings["healthTimeoutSeconds"]
    while found := problems(settings):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not healthy after {settings['healthTimeoutSeconds']} s: {'; '.join(found)}")
        time.sleep(0.5)


def problems(settings: dict[str, Any]) -> list[str]:
    """Services that are not active, and what apply.json's health command says."""
    units: list[str] = settings["enable"]
    done = subprocess.run(["systemctl", "is-active", *units], stdout=subprocess.PIPE, text=True, timeout=60)
    pairs = zip(units, done.stdout.split(), strict=True)
    found = [f"{unit} is {state}" for unit, state in pairs if state not in ("active", "reloading")]
    said = check([settings["health"]])
    return [*found, said] if said else found


def check(commands: list[list[str]]) -> str:
    """Runs commands in the services' environment; what the first that fails printed, or nothing."""
    variables = shlex.split("".join(file.read_text() for file in SECRETS.glob("*.env")))
    environment = os.environ | dict(word.split("=", 1) for word in variables)
    for command in commands:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            # Of one that runs as another user, who may not enter where this was called.
            cwd="/",
            timeout=60,
        )
        # keepalived 2.2.7 ends its own test by SIGTERM when scripts are set; a fault it prints before.
        if done.returncode and (done.returncode not in (-15, 143) or done.stdout):
            return f"{' '.join(command)}: exit {done.returncode}: {done.stdout.strip()}"
    return ""


def print_journals(units: list[str]) -> None:
    """The last lines of those that are not active."""
    for unit in units:
        if subprocess.run(["systemctl", "is-active", "--quiet", unit]).returncode:
            command = ["journalctl", "--unit", unit, "--lines", "15", "--no-pager", "--output", "cat"]
            print(f"{unit}:", file=sys.stderr, flush=True)
            subprocess.run(command, stdout=sys.stderr)
