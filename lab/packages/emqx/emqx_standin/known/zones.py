"""`zones`: settings that the clients of some listeners have of their own."""

from __future__ import annotations

from ..setting_types import ANYTHING, MapOf, Struct, without_defaults
from .limits import DURABLE_SESSIONS, FLAPPING_DETECT, FORCE_GC, FORCE_SHUTDOWN
from .mqtt import MQTT

ZONES = MapOf(
    Struct(
        {
            "mqtt": without_defaults(MQTT),
            "flapping_detect": without_defaults(FLAPPING_DETECT),
            "force_shutdown": without_defaults(FORCE_SHUTDOWN),
            "force_gc": without_defaults(FORCE_GC),
            "durable_sessions": without_defaults(DURABLE_SESSIONS),
            "stats": ANYTHING,
            "conn_congestion": ANYTHING,
            "overload_protection": ANYTHING,
        }
    )
)
