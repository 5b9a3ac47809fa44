"""The settings of the arguments that EMQX takes while it runs, and what becomes of those that are gone."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from apply.disk import keep, on_disk, put, restore
from residents.reports import RUN

SETTINGS = Path("/etc/emqx-haproxy/settings.json")
FILE = "/etc/emqx-haproxy/emqx/settings.hocon"
# Roots that this run of EMQX may have of us, with what stands for nothing in them.
TOLD = RUN / "settings-told.json"


def wanted() -> dict[str, str]:
    """The roots of the arguments, with what stands for nothing in them."""
    found: dict[str, str] = _read(SETTINGS).get("roots", {})
    return found


def expected() -> dict[str, Any]:
    """What EMQX is to have of them, but for secrets."""
    found: dict[str, Any] = _read(SETTINGS).get("expected", {})
    return found


@contextmanager
def gone_ones_taken_back() -> Iterator[list[str]]:
    """
    What a reload is to tell of. It takes the roots that stand in the files, and lets others be as they are:
    one that is gone stands there, empty, while it runs.
    """
    told = _read(TOLD) | wanted()
    remember(told)
    gone = told.keys() - wanted().keys()
    kept = f"{FILE}.kept"
    if on_disk(kept):
        # Of one that was killed meanwhile.
        restore(kept, FILE)
    file = on_disk(FILE)
    if not gone or file is None:
        yield sorted(told.keys() - gone)
        return
    empty = "".join(f"{root} = {told[root]}\n" for root in sorted(gone))
    # By another name, so that a full disk does not keep it from its place.
    keep(FILE, kept)
    try:
        put(FILE, replace(file, content=file.content + empty.encode()))
        yield sorted(told)
    finally:
        restore(kept, FILE)


def remember(told: Mapping[str, str]) -> None:
    """Which roots EMQX has."""
    TOLD.parent.mkdir(parents=True, exist_ok=True)
    new = TOLD.with_name(f"{TOLD.name}.new")
    new.write_text(json.dumps(told))
    new.replace(TOLD)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found
