"""What EMQX tells of itself."""

from __future__ import annotations

from ..setting_types import (
    BOOLEAN,
    DISABLED,
    DURATION,
    OBJECT,
    STRING,
    SWITCH,
    Struct,
    Type,
    either,
    enum,
    integer,
)

_COLLECTORS = ("mnesia", "vm_dist", "vm_memory", "vm_msacc", "vm_statistics", "vm_system_info")
_JOB = "${name}/instance/${name}~${host}"

_PROMETHEUS = Struct(
    {
        "enable_basic_auth": BOOLEAN.by(False),
        "push_gateway": Struct(
            {
                "enable": BOOLEAN.by(False),
                "url": STRING.by("http://127.0.0.1:9091"),
                "interval": DURATION.by("15s"),
                "headers": OBJECT.by({}),
                "method": enum("put", "post").by("put"),
                "job_name": STRING.by(_JOB),
            }
        ),
        "collectors": Struct({name: SWITCH.by("disabled") for name in _COLLECTORS}),
        # The flat form of 5.3 and older, still taken.
        "enable": BOOLEAN,
        "push_gateway_server": STRING,
        "interval": DURATION,
        "headers": OBJECT,
        "job_name": STRING,
        **{f"{name}_collector": SWITCH for name in _COLLECTORS},
    }
)

_INTERVAL = either(DURATION, DISABLED)

METRICS: dict[str, Type] = {
    "prometheus": _PROMETHEUS,
    "telemetry": Struct({"enable": BOOLEAN}),
    "sys_topics": Struct(
        {
            "sys_msg_interval": _INTERVAL.by("1m"),
            "sys_heartbeat_interval": _INTERVAL.by("30s"),
            "sys_event_messages": Struct(
                {
                    "client_connected": BOOLEAN.by(True),
                    "client_disconnected": BOOLEAN.by(True),
                    "client_subscribed": BOOLEAN.by(False),
                    "client_unsubscribed": BOOLEAN.by(False),
                }
            ),
        }
    ),
    "slow_subs": Struct(
        {
            "enable": BOOLEAN.by(False),
            "threshold": DURATION.by("500ms"),
            "expire_interval": DURATION.by("300s"),
            "top_k_num": integer(1).by(10),
            "stats_type": enum("whole", "internal", "response").by("whole"),
        }
    ),
}
