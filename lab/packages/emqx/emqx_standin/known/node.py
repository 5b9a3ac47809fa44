"""`node`, `cluster` and `rpc`: what a node is and how it finds and reaches the others."""

from __future__ import annotations

from ..setting_types import (
    BOOLEAN,
    BYTES,
    DISABLED,
    DURATION,
    STRING,
    MapOf,
    Struct,
    array,
    either,
    enum,
    integer,
)
from ..setting_types import NODE as NODE_NAME
from .tls import CLIENT

_DURATION_OR_DISABLED = either(DURATION, DISABLED)

NODE = Struct(
    {
        "name": NODE_NAME.by("emqx@127.0.0.1"),
        "cookie": STRING.needed(),
        "process_limit": integer(1024, 134_217_727),
        "max_ports": integer(1024, 134_217_727).by(1_048_576),
        "dist_buffer_size": integer(1, 2_097_151).by(8192),
        "max_ets_tables": integer(1),
        "data_dir": STRING.needed(),
        "config_files": array(STRING),
        "global_gc_interval": _DURATION_OR_DISABLED.by("disabled"),
        "crash_dump_file": STRING,
        "crash_dump_seconds": DURATION,
        "crash_dump_bytes": BYTES,
        "dist_net_ticktime": DURATION.by("2m"),
        "backtrace_depth": integer(0),
        "applications": either(array(STRING), STRING),
        "etc_dir": STRING,
        "cluster_call": Struct(
            {"retry_interval": DURATION, "max_history": integer(1, 500), "cleanup_interval": DURATION}
        ),
        "db_backend": enum("mnesia", "rlog"),
        # Replicants are the enterprise edition's.
        "role": enum("core").by("core"),
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

CLUSTER = Struct(
    {
        "name": STRING.by("emqxcl"),
        "description": STRING,
        "discovery_strategy": enum("manual", "static", "singleton", "dns", "etcd", "k8s").by("manual"),
        "core_nodes": either(array(NODE_NAME), STRING),
        "autoclean": _DURATION_OR_DISABLED.by("24h"),
        "autoheal": BOOLEAN.by(True),
        "proto_dist": enum("inet_tcp", "inet6_tcp", "inet_tls", "inet6_tls").by("inet_tcp"),
        "prevent_overlapping_partitions": BOOLEAN,
        "static": Struct({"seeds": either(array(NODE_NAME), STRING).by([])}),
        "dns": Struct({"name": STRING.by("localhost"), "record_type": enum("a", "aaaa", "srv").by("a")}),
        "etcd": Struct(
            {
                "server": either(array(STRING), STRING),
                "prefix": STRING.by("emqxcl"),
                "node_ttl": DURATION.by("1m"),
                "ssl_options": CLIENT,
            }
        ),
        "k8s": Struct(
            {
                "apiserver": STRING.by("https://kubernetes.default.svc:443"),
                "service_name": STRING.by("emqx"),
                "address_type": enum("ip", "dns", "hostname").by("ip"),
                "namespace": STRING.by("default"),
                "suffix": STRING.by("pod.local"),
            }
        ),
    }
)

RPC = Struct(
    {
        "mode": enum("sync", "async").by("async"),
        "protocol": enum("tcp", "ssl").by("tcp"),
        "async_batch_size": integer(1).by(256),
        "port_discovery": enum("manual", "stateless").by("stateless"),
        "server_port": integer(1, 65535).by(5369),
        "client_num": integer(1, 256).by(10),
        "connect_timeout": DURATION.by("5s"),
        "certfile": STRING,
        "keyfile": STRING,
        "cacertfile": STRING,
        "send_timeout": DURATION.by("5s"),
        "authentication_timeout": DURATION.by("5s"),
        "call_receive_timeout": DURATION.by("15s"),
        "socket_keepalive_idle": DURATION.by("15m"),
        "socket_keepalive_interval": DURATION.by("75s"),
        "socket_keepalive_count": integer(1).by(9),
        "socket_sndbuf": BYTES.by("1MB"),
        "socket_recbuf": BYTES.by("1MB"),
        "socket_buffer": BYTES.by("1MB"),
        "insecure_fallback": BOOLEAN.by(True),
        "ciphers": either(array(STRING), STRING).by([]),
        "tls_versions": array(STRING).by(["tlsv1.3", "tlsv1.2"]),
        "listen_address": STRING.by("0.0.0.0"),
        "ipv6_only": BOOLEAN.by(False),
    },
    {
        "driver": "protocol",
        "tcp_server_port": "server_port",
        "ssl_server_port": "server_port",
        "tcp_client_num": "client_num",
    },
)
