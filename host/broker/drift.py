"""Prints, as JSON, where EMQX is not as the arguments say, and what was changed in its dashboard beside."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from broker import hocon, on_volume
from broker.emqx_api import ApiError, answer, quote
from broker.settings import expected

CLUSTER = Path("/var/lib/emqx/configs/cluster.hocon")
_UNITS = {
    **{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000},
    **{"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3},
}
_PARTS = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?b|ms|[smhdw])", re.IGNORECASE)


def main() -> int:
    """`differs`: by path, what is expected and found. `elsewhere`: roots that EMQX's API changed."""
    differs: dict[str, Any] = {}
    for root, value in expected().items():
        try:
            found = hocon.parse(answer("GET", f"configs?key={quote(root)}"))
        except ApiError as refusal:
            # A root that EMQX tells nobody.
            if refusal.status != 400:
                raise
            continue
        differs |= _differences(root, value, found.get(root))
    elsewhere = hocon.parse(on_volume.read(CLUSTER))
    print(json.dumps({"differs": differs, "elsewhere": sorted(elsewhere)}))
    return 0


def _differences(path: str, value: Any, found: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        inner = found if isinstance(found, dict) else {}
        return {
            where: what
            for key, each in value.items()
            for where, what in _differences(f"{path}.{key}", each, inner.get(key)).items()
        }
    return {} if _plain(value) == _plain(found) else {path: {"expected": value, "found": found}}


def _plain(value: Any) -> Any:
    """Equal for what EMQX takes for the same: 1m and 60s, 2MB and 2048KB, true and "true"."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if value is None:
        return None
    text = str(value).lower()
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    parts = _PARTS.findall(text)
    if parts and _PARTS.sub("", text).strip() == "":
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return text


if __name__ == "__main__":
    sys.exit(main())
