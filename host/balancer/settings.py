"""watch.json: what the resident programs of a balancer go by."""

import json
from pathlib import Path

SETTINGS = Path("/etc/emqx-haproxy/watch.json")
# Times in milliseconds; SETTINGS may replace any.
DEFAULTS = {
    "intervalMs": 100,
    "graceMs": 1000,
    "answerMs": 500,
    "advertMs": 100,
    "drainPerSecond": 100,
    "oldWorkers": 3,
}


def settings() -> dict[str, float]:
    """Defaults with the host's own over them."""
    own: dict[str, float] = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    return DEFAULTS | own
