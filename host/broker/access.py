"""Who may connect to this broker: told EMQX after each start and change, and read back. `reload`: at a change."""

import fcntl
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from broker.emqx_api import ApiError, call
from broker.users import tell_users
from residents.reports import RUN

EXPECTED = Path("/etc/emqx-haproxy/access.json")
SECRETS = [Path(f"/etc/emqx-haproxy/secrets/{name}.hocon") for name in ("node", "access")]
RELOAD = ["emqx", "ctl", "conf", "reload", "--replace"]
PATIENCE_SECONDS = 30


def main() -> int:
    """Exit 0 when EMQX has taken the change."""
    try:
        with _alone():
            _reload()
            tell()
    except (ApiError, OSError, ValueError, RuntimeError) as reason:
        print(f"EMQX has not taken the change: {reason}", file=sys.stderr)
        return 1
    return 0


def tell_after_start() -> bool:
    """Whether EMQX, which has just started, asks whom it should; prints why not."""
    try:
        with _alone():
            tell()
    except (ApiError, OSError, ValueError) as reason:
        print(f"who may connect: {reason}", flush=True)
        return False
    return True


def tell() -> None:
    """Users first, then what is in force: a link of the chain that this node could not make is found here."""
    tell_users()
    expected: dict[str, Any] = json.loads(EXPECTED.read_text())
    links = [f"{link['mechanism']}:{link.get('backend', '')}".rstrip(":") for link in _enabled("authentication")]
    if links != expected["authentication"]:
        raise ApiError(0, f"EMQX asks {links or 'nobody'} instead of {expected['authentication']}")
    sources = [source["type"] for source in _enabled("authorization/sources")]
    if sources != ["file"]:
        raise ApiError(0, f"EMQX has rules from {sources or 'nowhere'} instead of its file")
    no_match = call("GET", "authorization/settings")["no_match"]
    if no_match != expected["noMatch"]:
        raise ApiError(0, f"EMQX's answer without a rule is {no_match} instead of {expected['noMatch']}")


def _enabled(path: str) -> list[dict[str, Any]]:
    answer = call("GET", path)
    found: list[dict[str, Any]] = answer["sources"] if isinstance(answer, dict) else answer
    return [each for each in found if each.get("enable", True)]


def _reload() -> None:
    """By its output: the exit code tells of the command, not of its effect."""
    done = subprocess.run(RELOAD, capture_output=True, text=True, timeout=60)
    output = done.stdout + done.stderr
    for root in ("authentication", "authorization"):
        if not re.search(rf"^load {root} on \S+ ok", output, re.M):
            raise RuntimeError(f"`{' '.join(RELOAD)}`: exit {done.returncode}: {_reason(output)}")


def _reason(output: str) -> str:
    """EMQX shows the settings that it refuses, secrets too: those stay here."""
    for path in SECRETS:
        for text in re.findall(r'"((?:[^"\\]|\\.)+)"', path.read_text() if path.exists() else ""):
            output = output.replace(text, "***")
    told = [line for line in output.splitlines() if re.match(r"(Root key|Reason|.*failed|.*error)", line, re.I)]
    return "; ".join(told or output.splitlines()[-3:])[:2000]


@contextmanager
def _alone() -> Iterator[None]:
    RUN.mkdir(parents=True, exist_ok=True)
    with (RUN / "access.lock").open("w") as lock:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OSError(f"another run of it takes more than {PATIENCE_SECONDS} s") from None
                time.sleep(0.1)
        yield


if __name__ == "__main__":
    sys.exit(main())
