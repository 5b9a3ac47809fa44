"""Whether the others of a host's kind can do without its services for a while."""

from collections.abc import Collection
from typing import Any

from apply.services import is_active, run_whole

# Longer than the programs wait for what is about to be well.
SECONDS = 100


def in_the_way(settings: dict[str, Any], units: Collection[str]) -> str:
    """What speaks against a stop of these units; nothing of those that do not run."""
    for unit, command in sorted(settings.get("askBefore", {}).items()):
        if unit in units and is_active(unit):
            code, output = run_whole(command, SECONDS)
            if code:
                return output.strip() or f"{' '.join(command)}: exit {code}"
    return ""
