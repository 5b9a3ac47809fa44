"""The configuration that the broker starts with: files and environment, merged as EMQX merges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import hocon
from .hocon import HoconError, Object, Value
from .known_settings import ROOT
from .schema import check
from .setting_types import duration_ms, parse_bind, size_bytes

#: EMQX has these listeners unless its configuration turns them off.
_DEFAULTS: Object = {
    "node": {"name": "emqx@127.0.0.1", "data_dir": "/var/lib/emqx", "dist_net_ticktime": "2m"},
    "cluster": {"name": "emqxcl", "discovery_strategy": "manual", "static": {"seeds": []}},
    "listeners": {
        "tcp": {"default": {"bind": "0.0.0.0:1883"}},
        "ssl": {"default": {"bind": "0.0.0.0:8883"}},
        "ws": {"default": {"bind": "0.0.0.0:8083"}},
        "wss": {"default": {"bind": "0.0.0.0:8084"}},
    },
    "mqtt": {
        "max_packet_size": "1MB",
        "max_topic_levels": 128,
        "max_topic_alias": 65535,
        "max_mqueue_len": 1000,
        "session_expiry_interval": "2h",
    },
    "dashboard": {
        "listeners": {"http": {"bind": 18083}},
        "default_username": "admin",
        "default_password": "public",
    },
    "log": {"console": {"level": "warning"}},
}

_LISTENER_DEFAULTS: Object = {
    "enable": True,
    "acceptors": 16,
    "max_connections": "infinity",
    "proxy_protocol": False,
    "proxy_protocol_timeout": "3s",
    "tcp_options": {"backlog": 1024, "nodelay": True},
    "websocket": {"mqtt_path": "/mqtt"},
}

#: Set by the unit, and no settings.
_NO_SETTINGS = {"EMQX_DEFAULT_LOG_HANDLER", "EMQX_STANDIN_SETTINGS"}


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class Listener:
    """One MQTT listener; `transport` is tcp or ws."""

    transport: str
    name: str
    address: str
    port: int
    acceptors: int
    backlog: int
    nodelay: bool
    #: None for no limit.
    max_connections: int | None
    proxy_protocol: bool
    proxy_protocol_timeout_ms: int
    #: Of the WebSocket endpoint.
    path: str


@dataclass(frozen=True)
class Settings:
    """What the stand-in carries out of EMQX's configuration; the rest is checked and has no effect."""

    node_name: str
    cookie: str
    data_folder: Path
    cluster_name: str
    seeds: tuple[str, ...]
    net_tick_seconds: int
    listeners: tuple[Listener, ...]
    #: TLS listeners that EMQX opens by default and the stand-in does not.
    unopened: tuple[str, ...]
    dashboard_address: str
    #: 0 when the dashboard is off.
    dashboard_port: int
    default_username: str
    default_password: str
    api_key_file: Path | None
    max_packet_bytes: int
    max_topic_levels: int
    max_topic_alias: int
    max_queue_length: int | None
    session_expiry_ms: int
    log_level: str

    @property
    def address(self) -> str:
        """The host part of the node's name."""
        return self.node_name.partition("@")[2]


def load(folder: Path, environment: Mapping[str, str]) -> Settings:
    """base.hocon, then cluster.hocon, then emqx.conf, then EMQX_A__B variables; the later wins."""
    try:
        main = _read(folder / "emqx.conf", required=True)
        data_folder = _text(_get(hocon.merge(_DEFAULTS, main), "node.data_dir"))
        given: Object = {}
        for layer in (
            _read(folder / "base.hocon"),
            _read(Path(data_folder) / "configs" / "cluster.hocon"),
            main,
            _from_environment(environment),
        ):
            given = hocon.merge(given, layer)
    except (HoconError, OSError) as error:
        raise ConfigurationError([str(error)]) from error
    errors = check(given, ROOT)
    if errors:
        raise ConfigurationError(errors)
    return _settings(given)


def _read(path: Path, required: bool = False) -> Object:
    if not required and not path.exists():
        return {}
    return hocon.parse(path.read_text(encoding="utf-8"), str(path))


def _from_environment(environment: Mapping[str, str]) -> Object:
    result: Object = {}
    for name, text in sorted(environment.items()):
        path = name.removeprefix("EMQX_").lower().split("__")
        # As EMQX does, leave alone what names no section of the configuration.
        if name.startswith("EMQX_") and name not in _NO_SETTINGS and path[0] in ROOT.fields and len(path) > 1:
            result = hocon.merge(
                result, hocon.nest(path, hocon.parse_value(text, f"environment variable {name}"))
            )
    return result


def _settings(given: Object) -> Settings:
    config = hocon.merge(_DEFAULTS, given)
    listeners, unopened, errors = _listeners(config, given)
    errors += _contradictions(config)
    address, port = parse_bind(_get(config, "dashboard.listeners.http.bind")) or ("0.0.0.0", 0)
    api_key_file = _get(config, "api_key.bootstrap_file")
    queue = _get(config, "mqtt.max_mqueue_len")
    seeds = (
        _get(config, "cluster.static.seeds") if _get(config, "cluster.discovery_strategy") == "static" else []
    )
    if errors:
        raise ConfigurationError(errors)
    return Settings(
        node_name=_text(_get(config, "node.name")),
        cookie=_text(_get(config, "node.cookie")),
        data_folder=Path(_text(_get(config, "node.data_dir"))),
        cluster_name=_text(_get(config, "cluster.name")),
        seeds=tuple(_words(seeds)),
        net_tick_seconds=max(1, _milliseconds(_get(config, "node.dist_net_ticktime")) // 1000),
        listeners=tuple(listeners),
        unopened=tuple(unopened),
        dashboard_address=address,
        dashboard_port=port,
        default_username=_text(_get(config, "dashboard.default_username")),
        default_password=_text(_get(config, "dashboard.default_password")),
        api_key_file=Path(_text(api_key_file)) if api_key_file else None,
        max_packet_bytes=_bytes(_get(config, "mqtt.max_packet_size")),
        max_topic_levels=_integer(_get(config, "mqtt.max_topic_levels")),
        max_topic_alias=_integer(_get(config, "mqtt.max_topic_alias")),
        max_queue_length=None if queue in ("infinity", 0) else _integer(queue),
        session_expiry_ms=_milliseconds(_get(config, "mqtt.session_expiry_interval")),
        log_level=_text(_get(config, "log.console.level")),
    )


def _contradictions(config: Object) -> list[str]:
    errors = []
    strategy = _get(config, "cluster.discovery_strategy")
    if not _get(config, "node.cookie"):
        errors.append("node.cookie: required, and not given")
    if strategy in ("dns", "etcd", "k8s"):
        errors.append(f"cluster.discovery_strategy: the stand-in knows static seeds only, not {strategy}")
    if _get(config, "durable_sessions.enable") is True and strategy != "singleton":
        errors.append("durable_sessions.enable: open-source EMQX refuses durable sessions in a cluster")
    if not Path(_text(_get(config, "node.data_dir"))).is_absolute():
        errors.append("node.data_dir: the stand-in needs an absolute path")
    return errors


def _listeners(config: Object, given: Object) -> tuple[list[Listener], list[str], list[str]]:
    opened: list[Listener] = []
    unopened, errors = [], []
    taken: dict[int, str] = {}
    for transport in ("tcp", "ssl", "ws", "wss"):
        by_name = _get(config, f"listeners.{transport}")
        for name, value in by_name.items() if isinstance(by_name, dict) else ():
            listener = _listener(transport, name, value if isinstance(value, dict) else {})
            if listener is None:
                continue
            path = f"listeners.{transport}.{name}"
            if listener.port in taken:
                errors.append(
                    f"{path}.bind: port {listener.port} is taken by {taken[listener.port]}; EMQX has four"
                    " default listeners: set enable = false on those that are not wanted"
                )
            taken[listener.port] = path
            if transport in ("tcp", "ws"):
                opened.append(listener)
            elif _get(given, path) is None:
                unopened.append(f"{transport}:{name}")
            else:
                errors.append(f"{path}: the stand-in opens no TLS listeners; set enable = false")
    return opened, unopened, errors


def _listener(transport: str, name: str, given: Object) -> Listener | None:
    value = hocon.merge(_LISTENER_DEFAULTS, given)
    bind = parse_bind(value.get("bind"))
    if value["enable"] is not True or bind is None:
        return None
    limit = value["max_connections"]
    return Listener(
        transport=transport,
        name=name,
        address=bind[0],
        port=bind[1],
        acceptors=_integer(value["acceptors"]),
        backlog=_integer(_get(value, "tcp_options.backlog")),
        nodelay=_get(value, "tcp_options.nodelay") is True,
        max_connections=None if limit == "infinity" else _integer(limit),
        proxy_protocol=value["proxy_protocol"] is True,
        proxy_protocol_timeout_ms=_milliseconds(value["proxy_protocol_timeout"]),
        path=_text(_get(value, "websocket.mqtt_path")),
    )


def _get(config: Value, path: str) -> Value:
    for key in path.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config


def _words(value: Value) -> list[str]:
    """An array of words, or EMQX's other form of one: a text with commas."""
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def _text(value: Value) -> str:
    return str(value)


def _integer(value: Value) -> int:
    return int(str(value))


def _milliseconds(value: Value) -> int:
    return duration_ms(value) or 0


def _bytes(value: Value) -> int:
    return size_bytes(value) or 0
