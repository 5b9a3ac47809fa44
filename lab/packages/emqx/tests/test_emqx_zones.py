"""Zones, and what EMQX makes of a client's facts, on a broker that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.packages.emqx.emqx_standin.variform import ExpressionError, compiled
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node, eventually

# Nobody subscribes: that is all that stands against a message.
ALLOWED = 0x10
RULES = """\
{allow, {client_attr, "zone", "guests"}, all, ["open/#"]}.
{deny, {client_attr, "zone", "guests"}, all, all}.
{allow, {client_attr, "team", "blue"}, all, ["blue/#"]}.
{allow, all, all, ["${client_attrs.region}/#"]}.
{deny, all}.
"""
CONFIGURATION = """
zones.guests.mqtt {
  client_attrs_init = [{expression = "zone", set_as_attr = "zone"}]
  clientid_override = "concat(['guest-', clientid])"
  max_clientid_len = 23
}
mqtt.client_attrs_init = [
  {expression = "nth(1, tokens(username, '-'))", set_as_attr = "team"},
  {expression = "user_property.region", set_as_attr = "region"},
  {expression = "no_such_fact", set_as_attr = "other"}
]
listeners.tcp.guests { bind = "127.0.0.1:1884", zone = guests }
authorization { no_match = deny, sources = [{type = file, path = "/etc/emqx/rules.conf"}] }
"""


@pytest.fixture(scope="module")
def node(new_node: NewNode) -> Node:
    node = new_node()
    node.write("/etc/emqx/rules.conf", RULES)
    node.configure(CONFIGURATION)
    node.start()
    return node


@pytest.fixture
def guest(node: Node) -> Iterator[Client]:
    with Client(node.address, 1884) as client:
        yield client


def test_a_zones_clients_have_the_names_and_attributes_that_it_gives_them(node: Node, guest: Client) -> None:
    assert guest.connect("meter-1", "blue-1") == 0
    assert "Client(guest-meter-1, username=blue-1" in node.ctl("clients", "list").stdout
    assert guest.publish("open/a", "x") == ALLOWED
    assert guest.publish("blue/a", "x") == 0x87


def test_no_session_is_taken_over_from_a_zone_that_renames_its_clients(node: Node, guest: Client) -> None:
    with Client(node.address) as own:
        assert own.connect("meter-1", "blue-1") == 0
        assert guest.connect("meter-1", "blue-1") == 0
        assert own.ping()


def test_a_zones_limits_are_its_own(node: Node, guest: Client) -> None:
    assert guest.connect("x" * 24) == 0x85
    with Client(node.address) as own:
        assert own.connect("x" * 24) == 0


def test_attributes_are_made_of_a_clients_name_and_properties(node: Node) -> None:
    with Client(node.address) as client:
        assert client.connect("c", "blue-1", user_properties={"region": "eu"}) == 0
        assert client.publish("blue/a", "x") == ALLOWED
        assert client.publish("eu/a", "x") == ALLOWED
        assert client.publish("us/a", "x") == 0x87
    with Client(node.address) as client:
        assert client.connect("c", "red-1") == 0
        assert client.publish("blue/a", "x") == 0x87
    eventually(lambda: "client_attr_initialization_failed" in node.journal())


@pytest.mark.parametrize(
    ("expression", "client_id"),
    [
        ("upper(clientid)", "ANN-1"),
        ("join_to_string('-', [username, clientid])", "ann-ann-1"),
        ("coalesce(nothing, '', username)", "ann"),
        ("iif(str_eq(username, 'ann'), 'yes', 'no')", "yes"),
        ("iif(is_empty(nothing), peerhost, zone)", "127.0.0.1"),
        ("nth(2, regex_extract(clientid, '([a-z]+)-([0-9])'))", "1"),
        ("concat(rm_prefix(clientid, 'ann'), strlen(username))", "-13"),
        ("replace(substr(clientid, 1), '-', \"+\")", "nn+1"),
        # What fails changes nothing.
        ("upper(nothing)", "ann-1"),
        ("coalesce(nothing)", "ann-1"),
    ],
)
def test_an_expression_can_name_the_client(node: Node, expression: str, client_id: str) -> None:
    quoted = expression.replace('"', '\\"')
    node.reconfigure(f'{CONFIGURATION}\nzones.guests.mqtt.clientid_override = "{quoted}"\n')
    with Client(node.address, 1884) as client:
        assert client.connect("ann-1", "ann") == 0
        assert f"Client({client_id}, " in node.ctl("clients", "list").stdout
    node.reconfigure(CONFIGURATION)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "syntax error"),
        ("'text'", "syntax error"),
        ("concat(['a', clientid)", "syntax error"),
        ("upper(clientid) more", "syntax error"),
        ("${clientid}", "illegal characters"),
        ("sha(clientid)", "no function sha of 1"),
        ("concat('a', 'b', 'c')", "no function concat of 3"),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        compiled(expression)
