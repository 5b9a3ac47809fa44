"""Limits that protect a broker, and what it watches of itself."""

from __future__ import annotations

from ..setting_types import (
    ANYTHING,
    BOOLEAN,
    BYTES,
    DISABLED,
    DURATION,
    PERCENT,
    Struct,
    Type,
    array,
    either,
    enum,
    integer,
)

_DURATION_OR_DISABLED = either(DURATION, DISABLED)

_SYSMON = Struct(
    {
        "vm": Struct(
            {
                "process_check_interval": DURATION.by("30s"),
                "process_high_watermark": PERCENT.by("80%"),
                "process_low_watermark": PERCENT.by("60%"),
                "long_gc": _DURATION_OR_DISABLED.by("disabled"),
                "long_schedule": _DURATION_OR_DISABLED.by("240ms"),
                "large_heap": either(BYTES, DISABLED).by("32MB"),
                "busy_dist_port": BOOLEAN.by(True),
                "busy_port": BOOLEAN.by(True),
            }
        ),
        "os": Struct(
            {
                "cpu_check_interval": DURATION.by("60s"),
                "cpu_high_watermark": PERCENT.by("80%"),
                "cpu_low_watermark": PERCENT.by("60%"),
                "mem_check_interval": _DURATION_OR_DISABLED.by("60s"),
                "sysmem_high_watermark": either(PERCENT, DISABLED).by("70%"),
                "procmem_high_watermark": PERCENT.by("5%"),
            }
        ),
        "mnesia_tm_mailbox_size_alarm_threshold": integer(1).by(500),
        "broker_pool_mailbox_size_alarm_threshold": integer(1).by(500),
        "top": ANYTHING,
    }
)

FLAPPING_DETECT = Struct(
    {
        "enable": BOOLEAN.by(False),
        "window_time": DURATION.by("1m"),
        "max_count": integer(0).by(15),
        "ban_time": DURATION.by("5m"),
    }
)

FORCE_SHUTDOWN = Struct(
    {
        "enable": BOOLEAN.by(True),
        "max_mailbox_size": integer(0).by(1000),
        "max_heap_size": BYTES.by("32MB"),
    },
    {"max_message_queue_len": "max_mailbox_size"},
)

FORCE_GC = Struct({"enable": BOOLEAN.by(True), "count": integer(0).by(16000), "bytes": BYTES.by("16MB")})

DURABLE_SESSIONS = Struct(
    {
        "enable": BOOLEAN.by(False),
        "batch_size": integer(1).by(100),
        "idle_poll_interval": DURATION.by("10s"),
        "heartbeat_interval": DURATION.by("5000ms"),
        "session_gc_interval": DURATION.by("10m"),
        "session_gc_batch_size": integer(1).by(100),
        "message_retention_period": DURATION.by("1d"),
    }
)

LIMITS: dict[str, Type] = {
    "sysmon": _SYSMON,
    "flapping_detect": FLAPPING_DETECT,
    "force_shutdown": FORCE_SHUTDOWN,
    "force_gc": FORCE_GC,
    "durable_sessions": DURABLE_SESSIONS,
    "alarm": Struct(
        {
            "actions": array(enum("log", "publish")).by(["log", "publish"]),
            "size_limit": integer(1, 3000).by(1000),
            "validity_period": DURATION.by("24h"),
        }
    ),
}
