"""What the stand-in makes of a configuration, without a broker: what is known, wrong, or default."""

from __future__ import annotations

from typing import Any

import pytest
from lab.packages.emqx.emqx_standin import hocon
from lab.packages.emqx.emqx_standin.hocon_text import write
from lab.packages.emqx.emqx_standin.known import ROOT
from lab.packages.emqx.emqx_standin.layers import from_environment
from lab.packages.emqx.emqx_standin.schema import check, filled
from lab.packages.emqx.emqx_standin.settings import Settings

MINIMAL = 'node { name = "emqx@10.0.0.5", cookie = "c", data_dir = "/nonexistent" }\n'


def problems(text: str) -> list[str]:
    return [str(problem) for problem in check(hocon.parse(MINIMAL + text, "f"), ROOT)]


def listeners(text: str) -> dict[str, dict[str, Any]]:
    told: Any = Settings.of(hocon.parse(MINIMAL + text, "f")).erlang()["listeners"]
    return {listener["name"]: listener for listener in told if listener["enable"]}


def test_emqx_listens_on_four_ports_unless_told_otherwise() -> None:
    assert {name: one["port"] for name, one in listeners("").items()} == {
        "tcp:default": 1883,
        "ssl:default": 8883,
        "ws:default": 8083,
        "wss:default": 8084,
    }
    assert "tcp:default" in listeners("listeners.tcp.mine.bind = 1884")
    assert "tcp:default" not in listeners("listeners.tcp.default = null")


def test_a_listener_carries_its_settings() -> None:
    text = """
    listeners.ws.wss {
      bind = "10.0.0.5:8084"
      max_connections = 100
      max_conn_rate = "5/2s"
      proxy_protocol = true
      proxy_protocol_timeout = 1m30s
      tcp_options.backlog = 4096
      websocket.mqtt_path = "/broker"
    }"""
    listener = listeners(text)["ws:wss"]
    assert (listener["address"], listener["port"]) == ("10.0.0.5", 8084)
    assert (listener["max_connections"], listener["max_conn_rate"], listener["backlog"]) == (
        100,
        (5, 2000),
        4096,
    )
    assert (listener["proxy_protocol"], listener["proxy_protocol_timeout_ms"]) == (True, 90_000)
    assert listener["path"] == "/broker"


def test_all_problems_are_found_at_once_each_with_its_path() -> None:
    text = """
    node.max_prots = 1
    mqtt.max_qos_allowed = 3
    listeners.tcp.default { bind = nowhere, proxy_protocol = "yes", acceptorz = 1 }
    authentication = [{mechanism = password_based, backend = mysql, server = "db:3306"}]
    """
    found = problems(text)
    assert [line.split('path => "')[1].split('"')[0] for line in found] == [
        "node",
        "listeners.tcp.default",
        "listeners.tcp.default.bind",
        "listeners.tcp.default.proxy_protocol",
        "mqtt.max_qos_allowed",
        "authentication.1.query",
        "authentication.1.database",
    ]
    assert (
        found[0]
        == '#{kind => validation_error,path => "node",reason => unknown_fields,unknown => "max_prots"}'
    )


def test_roots_that_nobody_knows_are_let_pass() -> None:
    assert problems("dashbord.listeners.http.bind = 18083") == []


@pytest.mark.parametrize(
    ("authenticator", "problem"),
    [
        ("{}", "missing_mechanism_field"),
        ("{mechanism = magic}", "unsupported_mechanism"),
        ("{mechanism = password_based, backend = oracle}", "unsupported_mechanism"),
        ("{mechanism = password_based, backend = built_in_database, user_id_type = email}", "user_id_type"),
        (
            "{mechanism = password_based, backend = built_in_database, password_hash_algorithm = {}}",
            "algorithm_name_missing",
        ),
        (
            "{mechanism = password_based, backend = built_in_database,"
            " password_hash_algorithm = {name = pbkdf2}}",
            "mac_fun",
        ),
        ("{mechanism = jwt, use_jwks = true}", "endpoint"),
        ('{mechanism = jwt, algorithm = "public-key", public_key = ""}', "public_key"),
        (
            '{mechanism = jwt, algorithm = "hmac-based", secret = s, verify_claims = {exp = 1}}',
            "verify_claims",
        ),
        ('{mechanism = password_based, backend = http, url = "http://a"}', "unknown_http_method"),
        ('{mechanism = password_based, backend = http, method = get, url = "a"}', "invalid_url"),
        ('{mechanism = password_based, backend = http, method = get, url = "https://a"}', "TLS option"),
        (
            '{mechanism = password_based, backend = http, method = get, url = "http://a",'
            ' headers = {"Content-Type" = x}}',
            "content-type",
        ),
        ("{mechanism = password_based, backend = redis, redis_type = pair}", "redis_type"),
        ('{mechanism = password_based, backend = ldap, server = "l"}', "base_dn"),
    ],
)
def test_an_authenticator_that_cannot_be_is_refused(authenticator: str, problem: str) -> None:
    found = problems(f"authentication = [{authenticator}]")
    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    "source",
    [
        "{type = file}",
        "{type = file, rules = x, path = y}",
        "{type = oracle}",
        "{type = http, url = u}",
        "{type = mysql, server = s}",
    ],
)
def test_a_source_of_rules_that_cannot_be_is_refused(source: str) -> None:
    assert problems(f"authorization.sources = [{source}]")


def test_a_single_authenticator_may_stand_without_its_array() -> None:
    text = "authentication {mechanism = password_based, backend = built_in_database}"
    assert problems(text) == []
    told: Any = Settings.of(hocon.parse(MINIMAL + text, "f")).erlang()["authentication"]
    assert [one["id"] for one in told] == ["password_based:built_in_database"]
    assert told[0]["password_hash_algorithm"] == {"name": "sha256", "salt_position": "prefix"}


def test_a_variable_changes_one_member_of_an_array() -> None:
    base = hocon.parse("authentication = [{secret = a, x = 1}, {secret = b}]", "f")
    over = from_environment(
        {"EMQX_AUTHENTICATION__1__SECRET": "c", "EMQX_UNKNOWN__KEY": "1", "HOME": "/root"}
    )
    assert hocon.merge(base, over) == {"authentication": [{"secret": "c", "x": 1}, {"secret": "b"}]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cluster.discovery_strategy = dns", "knows static seeds only"),
        ("durable_sessions.enable = true", "refuses durable sessions in a cluster"),
        ('node.data_dir = "data"', "needs an absolute path"),
    ],
)
def test_what_the_stand_in_cannot_carry_out_is_refused(text: str, reason: str) -> None:
    (error,) = Settings.of(hocon.parse(MINIMAL + text, "f")).contradictions()
    assert reason in error


def test_what_is_written_is_read_as_it_was() -> None:
    config = filled(hocon.parse(MINIMAL + "authentication = [{mechanism = jwt, algorithm = x}]", "f"), ROOT)
    assert hocon.parse(write(config), "written") == config
