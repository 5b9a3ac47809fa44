"""Kernel settings: what files ask for, and what there was before they did."""

import re
import subprocess
from collections.abc import Iterable

FOLDER = "/etc/sysctl.d/"


def load() -> None:
    """All that files say. A key that this kernel refuses is no reason to fail."""
    subprocess.run(["sysctl", "--quiet", "--system"])


def keys_of(content: str) -> set[str]:
    """The keys that a file in FOLDER sets."""
    return set(re.findall(r"^\s*-?\s*([\w.*/-]+)\s*=", content, re.M))


def values_of(keys: Iterable[str]) -> dict[str, str]:
    """What is in force now; a key that this kernel does not know is left out."""
    found = {key: _asked("--values", key) for key in keys}
    return {key: value for key, value in found.items() if value}


def put_back(values: dict[str, str]) -> None:
    """No file says them any more, so nobody else would. Raises with those that did not go back."""
    for key, value in values.items():
        _asked("--write", f"{key}={value}")
    found = values_of(values)
    if other := [key for key, value in values.items() if _words(found.get(key, "")) != _words(value)]:
        raise RuntimeError(f"sysctl: not as before: {', '.join(other)}")


def _words(value: str) -> list[str]:
    return value.split()


def _asked(*words: str) -> str:
    done = subprocess.run(["sysctl", "--quiet", *words], capture_output=True, text=True, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else ""
