"""The settings that EMQX 5.8 (open source) knows, by their names in its configuration manual.

Whole sections that the product never sets are known by name only and taken as they are (`ANYTHING`).
"""

from __future__ import annotations

from .setting_types import (
    ANYTHING,
    BIND,
    BOOLEAN,
    BYTES,
    DISABLED,
    DURATION,
    INFINITY,
    NODE,
    NUMBER,
    PERCENT,
    STRING,
    MapOf,
    Struct,
    Type,
    array,
    either,
    enum,
    integer,
)

_LEVEL = enum("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency", "all")
_PEER_CERTIFICATE = enum("disabled", "cn", "dn", "crt", "pem", "md5")
_COUNT_OR_INFINITY = either(integer(0), INFINITY)
_DURATION_OR_DISABLED = either(DURATION, DISABLED)
_DURATION_OR_INFINITY = either(DURATION, INFINITY)

_TLS: dict[str, Type] = {
    "cacertfile": STRING,
    "cacerts": BOOLEAN,
    "certfile": STRING,
    "keyfile": STRING,
    "verify": enum("verify_peer", "verify_none"),
    "reuse_sessions": BOOLEAN,
    "depth": integer(0),
    "password": STRING,
    "versions": array(STRING),
    "ciphers": either(array(STRING), STRING),
    "secure_renegotiate": BOOLEAN,
    "log_level": enum(*_LEVEL.expected.removeprefix("one of ").split(", "), "none"),
    "hibernate_after": DURATION,
}
_TLS_CLIENT = Struct(
    {
        **_TLS,
        "enable": BOOLEAN,
        "server_name_indication": STRING,
    }
)
_TLS_SERVER = {**_TLS, "dhfile": STRING, "honor_cipher_order": BOOLEAN, "client_renegotiation": BOOLEAN}
_TLS_LISTENER = Struct(
    {
        **_TLS_SERVER,
        "user_lookup_fun": STRING,
        "fail_if_no_peer_cert": BOOLEAN,
        "handshake_timeout": DURATION,
        "gc_after_handshake": BOOLEAN,
        "ocsp": ANYTHING,
        "enable_crl_check": BOOLEAN,
        "partial_chain": either(BOOLEAN, STRING),
        "verify_peer_ext_key_usage": STRING,
    }
)

_TCP_OPTIONS = Struct(
    {
        "active_n": integer(0),
        "backlog": integer(1),
        "send_timeout": DURATION,
        "send_timeout_close": BOOLEAN,
        "recbuf": BYTES,
        "sndbuf": BYTES,
        "buffer": BYTES,
        "high_watermark": BYTES,
        "nodelay": BOOLEAN,
        "reuseaddr": BOOLEAN,
        "keepalive": STRING,
    }
)

_WEBSOCKET = Struct(
    {
        "mqtt_path": STRING,
        "mqtt_piggyback": enum("single", "multiple"),
        "compress": BOOLEAN,
        "idle_timeout": _DURATION_OR_INFINITY,
        "max_frame_size": _COUNT_OR_INFINITY,
        "fail_if_no_subprotocol": BOOLEAN,
        "supported_subprotocols": STRING,
        "check_origin_enable": BOOLEAN,
        "allow_origin_absence": BOOLEAN,
        "check_origins": either(array(STRING), STRING),
        "proxy_address_header": STRING,
        "proxy_port_header": STRING,
        "deflate_opts": ANYTHING,
        "validate_utf8": BOOLEAN,
    }
)

_LISTENER: dict[str, Type] = {
    "enable": BOOLEAN,
    "bind": BIND,
    "acceptors": integer(1),
    "max_connections": either(integer(1), INFINITY),
    "mountpoint": STRING,
    "zone": STRING,
    "enable_authn": either(BOOLEAN, enum("quick_deny_anonymous")),
    "max_conn_rate": STRING,
    "messages_rate": STRING,
    "bytes_rate": STRING,
    "access_rules": array(STRING),
    "proxy_protocol": BOOLEAN,
    "proxy_protocol_timeout": DURATION,
    "authentication": ANYTHING,
    "tcp_options": _TCP_OPTIONS,
}


def _listener(**more: Type) -> MapOf:
    return MapOf(
        Struct({**_LISTENER, **more}, {"enabled": "enable", "tcp": "tcp_options", "ssl": "ssl_options"})
    )


_LISTENERS = Struct(
    {
        "tcp": _listener(),
        "ssl": _listener(ssl_options=_TLS_LISTENER),
        "ws": _listener(websocket=_WEBSOCKET),
        "wss": _listener(ssl_options=_TLS_LISTENER, websocket=_WEBSOCKET),
        "quic": ANYTHING,
    }
)

_NODE = Struct(
    {
        "name": NODE,
        "cookie": STRING,
        "process_limit": integer(1024, 134_217_727),
        "max_ports": integer(1024, 134_217_727),
        "dist_buffer_size": integer(1, 2_097_151),
        "max_ets_tables": integer(1),
        "data_dir": STRING,
        "config_files": array(STRING),
        "global_gc_interval": _DURATION_OR_DISABLED,
        "crash_dump_file": STRING,
        "crash_dump_seconds": DURATION,
        "crash_dump_bytes": BYTES,
        "dist_net_ticktime": DURATION,
        "backtrace_depth": integer(0),
        "applications": either(array(STRING), STRING),
        "etc_dir": STRING,
        "cluster_call": Struct(
            {"retry_interval": DURATION, "max_history": integer(1, 500), "cleanup_interval": DURATION}
        ),
        "db_backend": enum("mnesia", "rlog"),
        "role": enum("core", "replicant"),
        "rpc_module": enum("gen_rpc", "rpc"),
        "tlog_push_mode": enum("sync", "async"),
        "default_shard_transport": enum("gen_rpc", "distr"),
        "shard_transports": MapOf(enum("gen_rpc", "distr")),
        "default_bootstrap_batch_size": integer(1),
        "broker_pool_size": integer(1),
        "generic_pool_size": integer(1),
        "channel_cleanup_batch_size": integer(1),
    },
    {"db_role": "role"},
)

_CLUSTER = Struct(
    {
        "name": STRING,
        "description": STRING,
        "discovery_strategy": enum("manual", "static", "singleton", "dns", "etcd", "k8s"),
        "core_nodes": either(array(NODE), STRING),
        "autoclean": _DURATION_OR_DISABLED,
        "autoheal": BOOLEAN,
        "proto_dist": enum("inet_tcp", "inet6_tcp", "inet_tls", "inet6_tls"),
        "prevent_overlapping_partitions": BOOLEAN,
        "static": Struct({"seeds": either(array(NODE), STRING)}),
        "dns": Struct({"name": STRING, "record_type": enum("a", "aaaa", "srv")}),
        "etcd": ANYTHING,
        "k8s": ANYTHING,
    }
)

_RPC = Struct(
    {
        "mode": enum("sync", "async"),
        "protocol": enum("tcp", "ssl"),
        "async_batch_size": integer(1),
        "port_discovery": enum("manual", "stateless"),
        "tcp_server_port": integer(1, 65535),
        "ssl_server_port": integer(1, 65535),
        "tcp_client_num": integer(1, 256),
        "connect_timeout": DURATION,
        "certfile": STRING,
        "keyfile": STRING,
        "cacertfile": STRING,
        "send_timeout": DURATION,
        "authentication_timeout": DURATION,
        "call_receive_timeout": DURATION,
        "socket_keepalive_idle": DURATION,
        "socket_keepalive_interval": DURATION,
        "socket_keepalive_count": integer(1),
        "socket_sndbuf": BYTES,
        "socket_recbuf": BYTES,
        "socket_buffer": BYTES,
        "insecure_fallback": BOOLEAN,
        "ciphers": either(array(STRING), STRING),
        "tls_versions": array(STRING),
        "listen_address": STRING,
        "ipv6_only": BOOLEAN,
    },
    {"driver": "protocol"},
)

_MQTT = Struct(
    {
        "idle_timeout": _DURATION_OR_INFINITY,
        "max_packet_size": BYTES,
        "max_clientid_len": integer(23, 65535),
        "max_topic_levels": integer(1, 65535),
        "max_topic_alias": integer(0, 65535),
        "max_qos_allowed": integer(0, 2),
        "retain_available": BOOLEAN,
        "wildcard_subscription": BOOLEAN,
        "shared_subscription": BOOLEAN,
        "shared_subscription_strategy": enum(
            "random", "round_robin", "round_robin_per_group", "sticky", "local", "hash_topic", "hash_clientid"
        ),
        "shared_subscription_initial_sticky_pick": enum("random", "local", "hash_topic", "hash_clientid"),
        "exclusive_subscription": BOOLEAN,
        "ignore_loop_deliver": BOOLEAN,
        "strict_mode": BOOLEAN,
        "response_information": STRING,
        "server_keepalive": either(integer(1), DISABLED),
        "keepalive_multiplier": NUMBER,
        "keepalive_check_interval": DURATION,
        "retry_interval": _DURATION_OR_INFINITY,
        "use_username_as_clientid": BOOLEAN,
        "peer_cert_as_username": _PEER_CERTIFICATE,
        "peer_cert_as_clientid": _PEER_CERTIFICATE,
        "client_attrs_init": ANYTHING,
        "clientid_override": STRING,
        "session_expiry_interval": DURATION,
        "message_expiry_interval": _DURATION_OR_INFINITY,
        "max_awaiting_rel": _COUNT_OR_INFINITY,
        "max_mqueue_len": _COUNT_OR_INFINITY,
        "mqueue_priorities": ANYTHING,
        "mqueue_default_priority": enum("highest", "lowest"),
        "mqueue_store_qos0": BOOLEAN,
        "max_inflight": integer(1, 65535),
        "max_subscriptions": _COUNT_OR_INFINITY,
        "upgrade_qos": BOOLEAN,
        "await_rel_timeout": DURATION,
    }
)

_DASHBOARD_LISTENER: dict[str, Type] = {
    "bind": BIND,
    "num_acceptors": integer(1),
    "max_connections": integer(1),
    "backlog": integer(1),
    "send_timeout": DURATION,
    "inet6": BOOLEAN,
    "ipv6_v6only": BOOLEAN,
    "proxy_header": BOOLEAN,
}
_DASHBOARD = Struct(
    {
        "listeners": Struct(
            {
                "http": Struct(_DASHBOARD_LISTENER),
                "https": Struct({**_DASHBOARD_LISTENER, "ssl_options": Struct(_TLS_SERVER)}),
            }
        ),
        "default_username": STRING,
        "default_password": STRING,
        "token_expired_time": DURATION,
        "password_expired_time": DURATION,
        "cors": BOOLEAN,
        "swagger_support": BOOLEAN,
        "i18n_lang": enum("en", "zh"),
        "hwmark_expire_time": DURATION,
        "sample_interval": DURATION,
    }
)

_LOG_HANDLER: dict[str, Type] = {
    "enable": BOOLEAN,
    "level": _LEVEL,
    "formatter": enum("text", "json"),
    "timestamp_format": enum("auto", "epoch", "rfc3339"),
    "time_offset": STRING,
    "with_mfa": BOOLEAN,
    "payload_encode": enum("hex", "text", "hidden"),
}
_LOG_FILE: dict[str, Type] = {
    **_LOG_HANDLER,
    "path": STRING,
    "rotation_count": integer(1, 128),
    "rotation_size": either(BYTES, INFINITY),
}
_LOG = Struct(
    {
        "console": Struct(_LOG_HANDLER),
        # One handler right here, or several by name, of which a wrong key could not be told.
        "file": Struct({**_LOG_FILE, "default": Struct(_LOG_FILE)}, {"to": "path"}),
        "throttling": Struct({"time_window": DURATION, "msgs": array(STRING)}),
    },
    {"console_handler": "console", "file_handlers": "file"},
)

_PROMETHEUS = Struct(
    {
        "enable_basic_auth": BOOLEAN,
        "push_gateway": Struct(
            {
                "enable": BOOLEAN,
                "url": STRING,
                "interval": DURATION,
                "headers": ANYTHING,
                "method": enum("put", "post"),
                "job_name": STRING,
            }
        ),
        "collectors": Struct(
            {
                name: enum("enabled", "disabled")
                for name in (
                    "mnesia",
                    "vm_dist",
                    "vm_memory",
                    "vm_msacc",
                    "vm_statistics",
                    "vm_system_info",
                )
            }
        ),
        # The flat form of 5.3 and older, still taken.
        "enable": BOOLEAN,
        "push_gateway_server": STRING,
        "interval": DURATION,
        "headers": ANYTHING,
        "job_name": STRING,
    }
)

_SYSMON = Struct(
    {
        "vm": Struct(
            {
                "process_check_interval": DURATION,
                "process_high_watermark": PERCENT,
                "process_low_watermark": PERCENT,
                "long_gc": _DURATION_OR_DISABLED,
                "long_schedule": _DURATION_OR_DISABLED,
                "large_heap": either(BYTES, DISABLED),
                "busy_dist_port": BOOLEAN,
                "busy_port": BOOLEAN,
            }
        ),
        "os": Struct(
            {
                "cpu_check_interval": DURATION,
                "cpu_high_watermark": PERCENT,
                "cpu_low_watermark": PERCENT,
                "mem_check_interval": _DURATION_OR_DISABLED,
                "sysmem_high_watermark": either(PERCENT, DISABLED),
                "procmem_high_watermark": PERCENT,
            }
        ),
        "top": ANYTHING,
    }
)

_SMALL: dict[str, Type] = {
    "broker": Struct(
        {
            "enable_session_registry": BOOLEAN,
            "session_history_retain": DURATION,
            "session_locking_strategy": enum("local", "leader", "quorum", "all"),
            "route_batch_clean": BOOLEAN,
            "shared_dispatch_ack_enabled": BOOLEAN,
            "perf": Struct({"route_lock_type": enum("key", "tab", "global"), "trie_compaction": BOOLEAN}),
            "routing": ANYTHING,
        }
    ),
    "flapping_detect": Struct(
        {"enable": BOOLEAN, "window_time": DURATION, "max_count": integer(1), "ban_time": DURATION}
    ),
    "force_shutdown": Struct(
        {"enable": BOOLEAN, "max_mailbox_size": integer(0), "max_heap_size": BYTES},
        {"max_message_queue_len": "max_mailbox_size"},
    ),
    "force_gc": Struct({"enable": BOOLEAN, "count": integer(0), "bytes": BYTES}),
    "conn_congestion": Struct({"enable_alarm": BOOLEAN, "min_alarm_sustain_duration": DURATION}),
    "durable_sessions": Struct(
        {
            "enable": BOOLEAN,
            "batch_size": integer(1),
            "idle_poll_interval": DURATION,
            "heartbeat_interval": DURATION,
            "session_gc_interval": DURATION,
            "session_gc_batch_size": integer(1),
            "message_retention_period": DURATION,
        }
    ),
    "telemetry": Struct({"enable": BOOLEAN}),
    "sys_topics": Struct(
        {
            "sys_msg_interval": _DURATION_OR_DISABLED,
            "sys_heartbeat_interval": _DURATION_OR_DISABLED,
            "sys_event_messages": ANYTHING,
        }
    ),
    "overload_protection": Struct(
        {
            "enable": BOOLEAN,
            "backoff_delay": integer(0),
            "backoff_gc": BOOLEAN,
            "backoff_hibernation": BOOLEAN,
            "backoff_new_conn": BOOLEAN,
        }
    ),
    "api_key": Struct({"bootstrap_file": STRING}),
    "alarm": Struct(
        {
            "actions": array(enum("log", "publish")),
            "size_limit": integer(1, 3000),
            "validity_period": DURATION,
        }
    ),
}

_BY_NAME_ONLY: dict[str, Type] = {
    name: ANYTHING
    for name in (
        "actions",
        "authentication",
        "authorization",
        "auto_subscribe",
        "banned",
        "bridges",
        "connectors",
        "crl_cache",
        "delayed",
        "durable_storage",
        "exhook",
        "gateway",
        "limiter",
        "message_transformation",
        "opentelemetry",
        "plugins",
        "psk_authentication",
        "retainer",
        "rewrite",
        "rule_engine",
        "schema_validation",
        "slow_subs",
        "sources",
        "stats",
        "topic_metrics",
        "zones",
    )
}

ROOT = Struct(
    {
        "node": _NODE,
        "cluster": _CLUSTER,
        "rpc": _RPC,
        "listeners": _LISTENERS,
        "mqtt": _MQTT,
        "dashboard": _DASHBOARD,
        "log": _LOG,
        "prometheus": _PROMETHEUS,
        "sysmon": _SYSMON,
        **_SMALL,
        **_BY_NAME_ONLY,
    }
)
