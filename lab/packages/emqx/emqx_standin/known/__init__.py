"""The settings that EMQX 5.8.9 (open source) knows, by subject, and of the enterprise edition `license`.

Roots that the product never sets and the stand-in has no part in are known by name and taken as they are.
"""

from __future__ import annotations

from .. import layout
from ..setting_types import ANYTHING, Struct
from .authentication import AUTHENTICATION
from .authorization import AUTHORIZATION
from .dashboard import API_KEY, DASHBOARD
from .license import LICENSE
from .limits import LIMITS
from .listeners import LISTENERS
from .log import LOG
from .messages import MESSAGES
from .metrics import METRICS
from .mqtt import MQTT
from .node import CLUSTER, NODE, RPC
from .zones import ZONES

_BY_NAME_ONLY = (
    "actions",
    "auto_subscribe",
    "banned",
    "bridges",
    "broker",
    "conn_congestion",
    "connectors",
    "crl_cache",
    "durable_storage",
    "exhook",
    "gateway",
    "limiter",
    "message_transformation",
    "opentelemetry",
    "overload_protection",
    "plugins",
    "rewrite",
    "rule_engine",
    "schema_validation",
    "sources",
    "stats",
    "topic_metrics",
    "trace",
)

ROOT = Struct(
    {
        "node": NODE,
        "cluster": CLUSTER,
        "rpc": RPC,
        "listeners": LISTENERS,
        "mqtt": MQTT,
        "zones": ZONES,
        "authentication": AUTHENTICATION,
        "authorization": AUTHORIZATION,
        "dashboard": DASHBOARD,
        "api_key": API_KEY,
        "log": LOG,
        **({"license": LICENSE} if layout.is_enterprise() else {}),
        **LIMITS,
        **METRICS,
        **MESSAGES,
        **{name: ANYTHING for name in _BY_NAME_ONLY},
    }
)
