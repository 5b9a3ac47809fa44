"""`log`: where EMQX writes what it has to say."""

from __future__ import annotations

from ..setting_types import (
    BOOLEAN,
    BYTES,
    DURATION,
    INFINITY,
    STRING,
    Struct,
    Type,
    array,
    either,
    enum,
    integer,
)

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency", "all")

_HANDLER: dict[str, Type] = {
    "level": enum(*LEVELS).by("warning"),
    "formatter": enum("text", "json").by("text"),
    "timestamp_format": enum("auto", "epoch", "rfc3339").by("auto"),
    "time_offset": STRING.by("system"),
    "with_mfa": BOOLEAN,
    "payload_encode": enum("hex", "text", "hidden").by("text"),
}
_FILE: dict[str, Type] = {
    **_HANDLER,
    "enable": BOOLEAN,
    "path": STRING.by("${EMQX_LOG_DIR}/emqx.log"),
    "rotation_count": integer(1, 128).by(10),
    "rotation_size": either(BYTES, INFINITY).by("50MB"),
}

LOG = Struct(
    {
        "console": Struct({**_HANDLER, "enable": BOOLEAN.by(False)}),
        # One handler right here, or several by name, of which a wrong key could not be told.
        "file": Struct({**_FILE, "default": Struct(_FILE, {"to": "path"}, optional=True)}, {"to": "path"}),
        "throttling": Struct({"time_window": DURATION.by("1m"), "msgs": array(STRING)}),
    },
    {"console_handler": "console", "file_handlers": "file"},
)
