"""`license`: the key, and what goes with it. Only the enterprise edition has it."""

from __future__ import annotations

from ..hocon import Object
from ..setting_types import PERCENT, STRING, Struct, integer


def _watermarks(value: Object) -> str | None:
    low, high = (
        float(str(value.get(f"connection_{name}_watermark", default)).rstrip("%"))
        for name, default in (("low", "75%"), ("high", "80%"))
    )
    return None if high > low else "bad_license_watermark"


LICENSE = Struct(
    {
        "key": STRING.by("default"),
        "dynamic_max_connections": integer(0).by(25),
        "connection_low_watermark": PERCENT.by("75%"),
        "connection_high_watermark": PERCENT.by("80%"),
    },
    rule=_watermarks,
)
