"""What the stand-in carries out of a whole configuration, as its Erlang side reads it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import hocon, layout, listener_tls
from .api_keys import read_keys
from .authenticators import chain
from .hocon import Object, Value
from .known import ROOT
from .layers import interpolated
from .schema import filled
from .setting_types import duration_ms, is_true, parse_bind, rate, size_bytes
from .variform import compiled

Json = dict[str, object]
_LOG_LEVELS = {"debug": "debug", "info": "info", "notice": "notice", "warning": "warning", "all": "debug"}


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class Settings:
    """A checked configuration with its defaults."""

    config: Object

    @staticmethod
    def of(config: Object) -> Settings:
        """Fills in what is not given."""
        return Settings(filled(config, ROOT))

    def get(self, path: str) -> Value:
        """What stands at a.b.c."""
        value: Value = self.config
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def text(self, path: str) -> str:
        return str(self.get(path))

    @property
    def node_name(self) -> str:
        return self.text("node.name")

    @property
    def address(self) -> str:
        """The host part of the node's name."""
        return self.node_name.partition("@")[2]

    @property
    def cookie(self) -> str:
        return self.text("node.cookie")

    @property
    def data_folder(self) -> Path:
        return Path(self.text("node.data_dir"))

    @property
    def cluster_name(self) -> str:
        return self.text("cluster.name")

    @property
    def seeds(self) -> list[str]:
        """None where the cluster is not made of static seeds."""
        return (
            _words(self.get("cluster.static.seeds"))
            if self.text("cluster.discovery_strategy") == "static"
            else []
        )

    @property
    def dashboard(self) -> tuple[str, int]:
        """Address and port; the port is 0 when the dashboard is off."""
        return parse_bind(self.get("dashboard.listeners.http.bind")) or ("0.0.0.0", 0)

    def contradictions(self) -> list[str]:
        """What the stand-in, or EMQX at its start, refuses though each setting may be so."""
        strategy = self.get("cluster.discovery_strategy")
        errors = []
        if strategy in ("dns", "etcd", "k8s"):
            errors.append(f"cluster.discovery_strategy: the stand-in knows static seeds only, not {strategy}")
        if self.get("durable_sessions.enable") in (True, "true") and strategy != "singleton":
            errors.append("durable_sessions.enable: open-source EMQX refuses durable sessions in a cluster")
        for transport, name, value in self._listeners():
            errors += listener_tls.left_out(f"{transport}.{name}", value)
        if not self.data_folder.is_absolute():
            errors.append("node.data_dir: the stand-in needs an absolute path")
        return errors

    def bad_listener_files(self) -> list[str]:
        """Files of TLS that no change of the listeners may name."""
        return [
            problem
            for transport, name, value in self._listeners()
            if transport in ("ssl", "wss") and is_true(value["enable"])
            for problem in listener_tls.bad_files(f"{transport}:{name}", value)
        ]

    def listeners(self) -> list[Json]:
        """Those that are described, also where they are off; by kind and name."""
        found = [(f"{transport}:{name}", value) for transport, name, value in self._listeners()]
        return [
            {
                "name": name,
                "bind": _bind(value["bind"]),
                "acceptors": value["acceptors"],
                "proxy_protocol": is_true(value["proxy_protocol"]),
                "enable": is_true(value["enable"]),
            }
            for name, value in sorted(found, key=lambda item: item[0].split(":"))
        ]

    def erlang(self, renewed: Mapping[str, int] | None = None, updated: Collection[str] = ()) -> Json:
        """All that emqx_node:load/1 takes. `renewed` counts, by group and id, how often an authenticator was
        to be made anew though it had not changed; `updated` are roots that were put in force, be they as
        before: of two of them a running broker reads files."""
        counts = renewed or {}
        return {
            "ejabberd": ejabberd_yml(self),
            "zones": self._zones(),
            "listeners": [
                self._listener(transport, name, value, counts) for transport, name, value in self._listeners()
            ],
            "authentication": chain(self.get("authentication"), "mqtt:global", counts),
            "authorization": self._authorization(),
            "dashboard": {
                "default_username": self.text("dashboard.default_username"),
                "default_password": self.text("dashboard.default_password"),
                "api_keys": read_keys(str(interpolated(self.get("api_key.bootstrap_file")))),
                "import_keys": "api_key" in updated,
            },
            "license": self._license("license" in updated),
        }

    def _license(self, updated: bool) -> Json | None:
        found = self.get("license")
        if not layout.is_enterprise() or not isinstance(found, dict):
            return None
        return {
            "key": str(found["key"]),
            "dynamic_max_connections": _integer(found["dynamic_max_connections"]),
            "update": updated,
        }

    def _zones(self) -> Json:
        """What holds for the clients of each zone, and for those of zones that nobody described."""
        zones = self.get("zones")
        described = {"": {}, "default": {}, **(zones if isinstance(zones, dict) else {})}
        return {name: self._zone(zone) for name, zone in described.items() if isinstance(zone, dict)}

    def _zone(self, zone: Object) -> Json:
        mqtt = hocon.merge(_object(self.get("mqtt")), _object(zone.get("mqtt")))
        flapping = hocon.merge(_object(self.get("flapping_detect")), _object(zone.get("flapping_detect")))
        idle, override, attributes = (
            mqtt["idle_timeout"],
            mqtt["clientid_override"],
            mqtt["client_attrs_init"],
        )
        return {
            "idle_timeout_ms": 0xFFFFFFFF if idle == "infinity" else duration_ms(idle),
            "max_clientid_len": _integer(mqtt["max_clientid_len"]),
            "max_packet_size": size_bytes(mqtt["max_packet_size"]),
            "peer_cert_as_username": mqtt["peer_cert_as_username"],
            "peer_cert_as_clientid": mqtt["peer_cert_as_clientid"],
            "use_username_as_clientid": is_true(mqtt["use_username_as_clientid"]),
            "client_attributes": [
                {"name": str(one["set_as_attr"]), "expression": compiled(str(one["expression"]))}
                for one in (attributes if isinstance(attributes, list) else [])
                if isinstance(one, dict)
            ],
            "client_id": None if override == "disabled" else compiled(str(override)),
            "flapping": {
                "enable": is_true(flapping["enable"]),
                "window_ms": duration_ms(flapping["window_time"]),
                "max_count": _integer(flapping["max_count"]),
                "ban_ms": duration_ms(flapping["ban_time"]),
            },
        }

    def _authorization(self) -> Json:
        sources = self.get("authorization.sources")
        return {
            "no_match": self.get("authorization.no_match"),
            "deny_action": self.get("authorization.deny_action"),
            "sources": [
                {
                    "type": source.get("type"),
                    "enable": is_true(source.get("enable")),
                    "path": interpolated(source.get("path")),
                }
                for source in (sources if isinstance(sources, list) else [])
                if isinstance(source, dict)
            ],
        }

    def _listeners(self) -> Iterator[tuple[str, str, Object]]:
        for transport in ("tcp", "ssl", "ws", "wss"):
            by_name = self.get(f"listeners.{transport}")
            for name, value in sorted(by_name.items()) if isinstance(by_name, dict) else ():
                if isinstance(value, dict):
                    yield transport, name, value

    def _listener(self, transport: str, name: str, value: Object, renewed: Mapping[str, int]) -> Json:
        address, port = parse_bind(value["bind"]) or ("0.0.0.0", 0)
        limit = value["max_connections"]
        options, websocket = value["tcp_options"], value.get("websocket")
        assert isinstance(options, dict)
        return {
            "name": f"{transport}:{name}",
            "transport": "ws" if transport in ("ws", "wss") else "tcp",
            "enable": is_true(value["enable"]),
            "address": address,
            "port": port,
            "acceptors": _integer(value["acceptors"]),
            "backlog": _integer(options["backlog"]),
            "nodelay": is_true(options["nodelay"]),
            "max_connections": None if limit == "infinity" else _integer(limit),
            "max_conn_rate": rate(value["max_conn_rate"]),
            "proxy_protocol": is_true(value["proxy_protocol"]),
            "proxy_protocol_timeout_ms": duration_ms(value["proxy_protocol_timeout"]),
            "zone": str(value["zone"]),
            "path": str(websocket["mqtt_path"]) if isinstance(websocket, dict) else "",
            "tls": listener_tls.told(transport, value),
            "enable_authn": _switch(value["enable_authn"]),
            "authentication": chain(value["authentication"], f"{transport}:{name}", renewed),
        }


def ejabberd_yml(settings: Settings) -> str:
    """ejabberd's configuration, in JSON: MQTT alone, and any user, since the gate before it judges them."""
    queue = settings.get("mqtt.max_mqueue_len")
    expiry = duration_ms(settings.get("mqtt.session_expiry_interval")) or 0
    return json.dumps(
        {
            "hosts": ["mqtt.internal"],
            "loglevel": _LOG_LEVELS.get(settings.text("log.file.level"), "error"),
            "log_rotate_count": 1,
            "listen": [],
            "auth_method": ["anonymous"],
            "anonymous_protocol": "login_anon",
            "allow_multiple_connections": True,
            "modules": {
                "mod_mqtt": {
                    "db_type": "emqx",
                    "ram_db_type": "emqx",
                    "session_expiry": f"{max(1, expiry // 1000)} seconds",
                    "max_topic_depth": settings.get("mqtt.max_topic_levels"),
                    "max_topic_aliases": settings.get("mqtt.max_topic_alias"),
                    "max_queue": "infinity" if queue in ("infinity", 0) else queue,
                }
            },
        },
        indent=2,
    )


def _bind(value: Value) -> str:
    return str(value) if ":" in str(value) else f":{value}"


def _object(value: Value) -> Object:
    return value if isinstance(value, dict) else {}


def _switch(value: Value) -> bool | str:
    return str(value) if value == "quick_deny_anonymous" else is_true(value)


def _words(value: Value) -> list[str]:
    """An array of words, or EMQX's other form of one: a text with commas."""
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def _integer(value: Value) -> int:
    return int(str(value))
