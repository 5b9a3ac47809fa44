"""The host's services: start them, wait until they are well, say why not."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from apply.saying import complain, say

SECRETS = Path("/etc/emqx-haproxy/secrets")
# Of systemd's states, whichever others there are.
RUNNING = ("active", "reloading", "refreshing")
ENABLED = ("enabled", "static", "alias", "indirect", "generated")


def systemctl(*words: str) -> None:
    """Runs and prints it; raises with its message when it fails."""
    say("systemctl", *words)
    command = ["systemctl", *words]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=900)
    if done.returncode:
        raise RuntimeError(f"systemctl {' '.join(words)}: {done.stderr.strip()}")


def enable(units: Collection[str]) -> None:
    """Starts units, now and at each boot."""
    if units:
        systemctl("enable", "--now", *units)


def leave(units: Collection[str]) -> None:
    """Stops and disables units; one whose file is gone was disabled before."""
    for unit in sorted(units):
        if subprocess.run(["systemctl", "cat", unit], capture_output=True, timeout=60).returncode == 0:
            systemctl("disable", "--now", unit)


def wait_for_health(settings: dict[str, Any]) -> None:
    """Until the host does its part; raises with what is wrong when that takes too long."""
    deadline = time.monotonic() + settings["healthTimeoutSeconds"]
    while found := problems(settings):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not healthy after {settings['healthTimeoutSeconds']} s: {'; '.join(found)}")
        time.sleep(0.5)


def problems(settings: dict[str, Any]) -> list[str]:
    """Services that are not active, and what apply.json's health command says."""
    states = {unit: _answer("is-active", unit) for unit in settings["enable"]}
    found = [f"{unit} is {state or 'unknown'}" for unit, state in states.items() if state not in RUNNING]
    said = check([settings["health"]])
    return [*found, said] if said else found


def at_rest(units: list[str]) -> list[str]:
    """Units that do not run, or would not after a reboot."""
    return [
        unit
        for unit in units
        if _answer("is-active", unit) not in RUNNING or _answer("is-enabled", unit) not in ENABLED
    ]


def is_active(unit: str) -> bool:
    """Whether it runs."""
    return _answer("is-active", unit) in RUNNING


def _answer(verb: str, unit: str) -> str:
    command = ["systemctl", verb, unit]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="replace", timeout=60)
    return done.stdout.strip()


def check(commands: list[list[str]]) -> str:
    """Runs commands in the services' environment; what the first that fails printed, or nothing."""
    variables = [pair for file in SECRETS.glob("*.env") for pair in environment_of(file.read_text())]
    environment = os.environ | dict(variables)
    for command in commands:
        try:
            # Not where this was called: a command that runs as another user may not enter there.
            code, output = run_whole(command, 60, environment)
        except (OSError, RuntimeError) as reason:
            return str(reason)
        # keepalived 2.2.7 ends its own test by SIGTERM when scripts are set; a fault it prints before.
        if code and (code not in (-15, 143) or output):
            return f"{' '.join(command)}: exit {code}: {output.strip()}"
    return ""


def run_whole(
    command: list[str], seconds: float, environment: dict[str, str] | None = None, text: str = ""
) -> tuple[int, str]:
    """Exit code and output of a command; when its time is up its children end too, who hold its output."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    try:
        output = process.communicate(text, timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise RuntimeError(f"{' '.join(command)}: no end within {seconds} s") from None
    return process.returncode, output


def environment_of(text: str) -> list[tuple[str, str]]:
    """As systemd reads an EnvironmentFile: in double quotes a backslash stays, but before four characters."""
    found = re.findall(r'^(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\n]*))$', text, re.M | re.S)
    return [(name, re.sub(r'\\(["\\`$])', r"\1", quoted) or plain) for name, quoted, plain in found]


def print_journals(units: list[str]) -> None:
    """The last lines of those that are not active."""
    for unit in units:
        if subprocess.run(["systemctl", "is-active", "--quiet", unit]).returncode:
            command = ["journalctl", "--unit", unit, "--lines", "15", "--no-pager", "--output", "cat"]
            complain(f"{unit}:")
            subprocess.run(command, stdout=sys.stderr)
