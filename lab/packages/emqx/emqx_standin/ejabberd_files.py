"""The files that ejabberd and its Erlang side read, made from the settings."""

from __future__ import annotations

import json
from pathlib import Path

from .settings import Listener, Settings

_LOG_LEVELS = {"debug": "debug", "info": "info", "notice": "notice", "warning": "warning", "all": "debug"}


def ejabberd_yml(settings: Settings) -> str:
    """ejabberd's configuration: MQTT alone, and any user, as EMQX without an authenticator. In JSON."""
    return json.dumps(
        {
            "hosts": ["mqtt.internal"],
            "loglevel": _LOG_LEVELS.get(settings.log_level, "error"),
            "log_rotate_count": 1,
            # The listeners are ours (emqx_listener): see there.
            "listen": [],
            "auth_method": ["anonymous"],
            "anonymous_protocol": "login_anon",
            "allow_multiple_connections": True,
            "modules": {
                "mod_mqtt": {
                    "session_expiry": f"{max(1, settings.session_expiry_ms // 1000)} seconds",
                    "max_topic_depth": settings.max_topic_levels,
                    "max_topic_aliases": settings.max_topic_alias,
                    "max_queue": settings.max_queue_length or "infinity",
                }
            },
        },
        indent=2,
    )


def erlang_settings(settings: Settings, seeds: tuple[str, ...], control_socket: Path) -> str:
    """What emqx_control reads: one Erlang term a line."""
    seed_list = ",".join(_atom(seed) for seed in seeds)
    listeners = ",\n  ".join(
        _listener(listener, settings.max_packet_bytes) for listener in settings.listeners
    )
    return (
        f"{{control_socket, {_string(str(control_socket))}}}.\n"
        f"{{seeds, [{seed_list}]}}.\n"
        f"{{listeners, [\n  {listeners}\n]}}.\n"
    )


def _listener(listener: Listener, max_packet_bytes: int) -> str:
    limit = "infinity" if listener.max_connections is None else str(listener.max_connections)
    path = ",".join(_binary(part) for part in listener.path.split("/") if part)
    octets = listener.address.replace(".", ",")
    return (
        f"#{{name => {_binary(f'{listener.transport}:{listener.name}')}, transport => {listener.transport},"
        f" ip => {{{octets}}}, port => {listener.port}, acceptors => {listener.acceptors},"
        f" backlog => {listener.backlog}, nodelay => {_boolean(listener.nodelay)},"
        f" max_connections => {limit},"
        f" proxy_protocol => {_boolean(listener.proxy_protocol)},"
        f" proxy_protocol_timeout => {listener.proxy_protocol_timeout_ms},"
        f" max_packet_size => {max_packet_bytes}, path => [{path}]}}"
    )


def _escaped(text: str, quote: str) -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def _atom(text: str) -> str:
    return _escaped(text, "'")


def _string(text: str) -> str:
    return _escaped(text, '"')


def _binary(text: str) -> str:
    return f"<<{_string(text)}>>"


def _boolean(value: bool) -> str:
    return "true" if value else "false"
