"""What happens to messages besides being delivered."""

from __future__ import annotations

from ..setting_types import (
    ANYTHING,
    BOOLEAN,
    BYTES,
    DISABLED,
    DURATION,
    STRING,
    Struct,
    Type,
    either,
    enum,
    integer,
)

_RETAINER = Struct(
    {
        "enable": BOOLEAN.by(True),
        "msg_expiry_interval": DURATION.by("0s"),
        "msg_expiry_interval_override": either(DURATION, DISABLED).by("disabled"),
        "allow_never_expire": BOOLEAN.by(True),
        "msg_clear_interval": DURATION.by("0s"),
        "max_payload_size": BYTES.by("1MB"),
        "stop_publish_clear_msg": BOOLEAN.by(False),
        "delivery_rate": STRING.by("1000/s"),
        "max_publish_rate": STRING.by("1000/s"),
        "backend": Struct(
            {
                "type": enum("built_in_database").by("built_in_database"),
                "enable": BOOLEAN.by(True),
                "storage_type": enum("ram", "disc").by("ram"),
                "max_retained_messages": integer(0).by(0),
                "index_specs": ANYTHING,
            }
        ),
        "flow_control": ANYTHING,
    },
    {"deliver_rate": "delivery_rate"},
)

MESSAGES: dict[str, Type] = {
    "retainer": _RETAINER,
    "delayed": Struct({"enable": BOOLEAN.by(True), "max_delayed_messages": integer(0).by(0)}),
    "psk_authentication": Struct(
        {
            "enable": BOOLEAN.by(False),
            "init_file": STRING,
            "separator": STRING.by(":"),
            "chunk_size": integer(1).by(50),
        }
    ),
}
