"""The configuration that the stand-in starts with, and what it refuses as EMQX would."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.packages.emqx.emqx_standin.settings import ConfigurationError, Settings, load

MINIMAL = 'node { name = "emqx@10.0.0.5", cookie = "c", data_dir = "/nonexistent" }\n'
NO_DEFAULTS = "".join(f"listeners.{kind}.default.enable = false\n" for kind in ("tcp", "ssl", "ws", "wss"))


def settings(folder: Path, text: str = "", base: str = "", **environment: str) -> Settings:
    (folder / "emqx.conf").write_text(MINIMAL + text)
    (folder / "base.hocon").write_text(base)
    return load(folder, environment)


def errors(folder: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as failure:
        settings(folder, text, **environment)
    return failure.value.errors


def test_emqx_listens_on_four_ports_unless_told_otherwise(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert [(listener.transport, listener.port) for listener in found.listeners] == [
        ("tcp", 1883),
        ("ws", 8083),
    ]
    assert found.unopened == ("ssl:default", "wss:default")


def test_a_listener_carries_its_settings(tmp_path: Path) -> None:
    text = (
        NO_DEFAULTS
        + """
    listeners.ws.wss {
      bind = "10.0.0.5:8084"
      max_connections = 100
      proxy_protocol = true
      proxy_protocol_timeout = 1m30s
      tcp_options.backlog = 4096
      websocket.mqtt_path = "/broker"
    }"""
    )
    (listener,) = settings(tmp_path, text).listeners
    assert (listener.name, listener.address, listener.port) == ("wss", "10.0.0.5", 8084)
    assert (listener.max_connections, listener.backlog) == (100, 4096)
    assert (listener.proxy_protocol, listener.proxy_protocol_timeout_ms) == (True, 90_000)
    assert listener.path == "/broker"


def test_emqx_conf_wins_over_base_hocon_and_the_environment_over_both(tmp_path: Path) -> None:
    base = "mqtt { max_packet_size = 2MB, max_topic_levels = 7 }\nlog.console.level = info\n"
    found = settings(
        tmp_path,
        "mqtt.max_topic_levels = 8\nlog.console.level = error\n",
        base,
        EMQX_LOG__CONSOLE__LEVEL="debug",
    )
    assert found.max_packet_bytes == 2 * 1024 * 1024
    assert found.max_topic_levels == 8
    assert found.log_level == "debug"


def test_cookie_and_seeds_may_come_from_the_environment(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        "cluster.discovery_strategy = static\n",
        EMQX_NODE__COOKIE='"a:b#c"',
        EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.5", "emqx@10.0.0.6"]',
    )
    assert found.cookie == "a:b#c"
    assert found.seeds == ("emqx@10.0.0.5", "emqx@10.0.0.6")


def test_variables_of_the_unit_and_of_others_are_no_settings(tmp_path: Path) -> None:
    assert settings(tmp_path, EMQX_DEFAULT_LOG_HANDLER="file", EMQX_UNKNOWN__KEY="1", HOME="/root")


def test_all_errors_are_found_at_once_each_with_its_path(tmp_path: Path) -> None:
    text = """
    node.max_prots = 1
    mqtt.max_qos_allowed = 3
    listeners.tcp.default { bind = nowhere, proxy_protocol = "yes" }
    listeners.tcp.other.proxy_protocol_timeout = soon
    dashbord.listeners.http.bind = 18083
    """
    assert errors(tmp_path, text) == [
        "node.max_prots: unknown key; did you mean max_ports?",
        "mqtt.max_qos_allowed: expected an integer from 0 to 2, got 3",
        "listeners.tcp.default.bind: expected a port or ADDRESS:PORT, got 'nowhere'",
        "listeners.tcp.default.proxy_protocol: expected true or false, got 'yes'",
        "listeners.tcp.other.proxy_protocol_timeout: expected a duration such as 15s or 1m30s, got 'soon'",
        "dashbord: unknown key; did you mean dashboard?",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("listeners.tcp.second.bind = 1883", "port 1883 is taken by listeners.tcp.default"),
        ("listeners.ws.wss.bind = 8084", "port 8084 is taken by listeners.ws.wss"),
        ("listeners.ssl.mine.bind = 9883", "opens no TLS listeners"),
        ("cluster.discovery_strategy = dns", "knows static seeds only"),
        ("durable_sessions.enable = true", "refuses durable sessions in a cluster"),
        ('node.data_dir = "data"', "needs an absolute path"),
        ("node.cookie = null", "node.cookie: required"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (error,) = errors(tmp_path, text)
    assert reason in error


def test_a_bad_environment_variable_is_named(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, "", EMQX_NODE__COOKIE="a:b")
    assert error.startswith("environment variable EMQX_NODE__COOKIE: ")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"emqx\.conf"):
        load(tmp_path, {})
