"""`mqtt`: what holds for all clients, unless a zone says otherwise."""

from __future__ import annotations

import re

from ..hocon import Value
from ..setting_types import (
    BOOLEAN,
    BYTES,
    DISABLED,
    DURATION,
    INFINITY,
    NUMBER,
    OBJECT,
    STRING,
    Leaf,
    ListOf,
    Struct,
    either,
    enum,
    integer,
)
from ..variform import ExpressionError, compiled

_CERTIFICATE = enum("disabled", "cn", "dn", "crt", "pem", "md5").by("disabled")
_COUNT = either(integer(0), INFINITY)
_DURATION = either(DURATION, INFINITY)
_ATTRIBUTE = Leaf(
    "a name of an attribute",
    lambda value: re.fullmatch(r"[A-Za-z0-9]+[A-Za-z0-9_-]*", str(value)) is not None,
)


def _is_expression(value: Value) -> bool:
    try:
        compiled(value if isinstance(value, str) else "")
    except ExpressionError:
        return False
    return True


_EXPRESSION = Leaf("an expression such as concat([username, '-', clientid])", _is_expression)

MQTT = Struct(
    {
        "idle_timeout": _DURATION.by("15s"),
        "max_packet_size": BYTES.by("1MB"),
        "max_clientid_len": integer(23, 65535).by(65535),
        "max_topic_levels": integer(1, 65535).by(128),
        "max_topic_alias": integer(0, 65535).by(65535),
        "max_qos_allowed": integer(0, 2).by(2),
        "retain_available": BOOLEAN.by(True),
        "wildcard_subscription": BOOLEAN.by(True),
        "shared_subscription": BOOLEAN.by(True),
        "shared_subscription_strategy": enum(
            "random", "round_robin", "round_robin_per_group", "sticky", "local", "hash_topic", "hash_clientid"
        ).by("round_robin"),
        "shared_subscription_initial_sticky_pick": enum("random", "local", "hash_topic", "hash_clientid").by(
            "random"
        ),
        "exclusive_subscription": BOOLEAN.by(False),
        "ignore_loop_deliver": BOOLEAN.by(False),
        "strict_mode": BOOLEAN.by(False),
        "response_information": STRING.by(""),
        "server_keepalive": either(integer(1), DISABLED).by("disabled"),
        "keepalive_multiplier": NUMBER.by(1.5),
        "keepalive_check_interval": DURATION.by("30s"),
        "retry_interval": _DURATION.by("infinity"),
        "use_username_as_clientid": BOOLEAN.by(False),
        "peer_cert_as_username": _CERTIFICATE,
        "peer_cert_as_clientid": _CERTIFICATE,
        "client_attrs_init": ListOf(
            Struct({"expression": _EXPRESSION.needed(), "set_as_attr": _ATTRIBUTE.needed()})
        ),
        "clientid_override": either(_EXPRESSION, DISABLED).by("disabled"),
        "session_expiry_interval": DURATION.by("2h"),
        "message_expiry_interval": _DURATION.by("infinity"),
        "max_awaiting_rel": _COUNT.by(100),
        "max_mqueue_len": _COUNT.by(1000),
        "mqueue_priorities": either(DISABLED, OBJECT).by("disabled"),
        "mqueue_default_priority": enum("highest", "lowest").by("lowest"),
        "mqueue_store_qos0": BOOLEAN.by(True),
        "max_inflight": integer(1, 65535).by(32),
        "max_subscriptions": either(integer(1), INFINITY).by("infinity"),
        "upgrade_qos": BOOLEAN.by(False),
        "await_rel_timeout": DURATION.by("300s"),
    }
)
