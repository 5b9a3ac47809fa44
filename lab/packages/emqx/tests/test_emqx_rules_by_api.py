"""Rules that come by the API, on a broker that runs."""

from __future__ import annotations

from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node

DENIED = 0x87


def may_publish(node: Node, topic: str) -> bool:
    with Client(node.address) as client:
        assert client.connect("c") == 0
        return client.publish(topic) != DENIED


def test_rules_that_come_by_the_api_are_kept_in_the_data_folder(broker: Node) -> None:
    new = {"type": "file", "enable": True, "rules": '{allow, all, all, ["b"]}.\n{deny, all, all, ["a"]}.\n'}
    assert may_publish(broker, "a")
    assert broker.api("PUT", "/authorization/sources/file", new)[0] == 204
    assert may_publish(broker, "b")
    assert not may_publish(broker, "a")
    assert broker.read("/var/lib/emqx/authz/acl.conf") == new["rules"]
    assert 'path = "/var/lib/emqx/authz/acl.conf"' in broker.read("/var/lib/emqx/configs/cluster.hocon")
    assert broker.api("GET", "/authorization/sources")[1]["sources"] == [new]


def test_broken_rules_are_refused_and_the_former_ones_stay(broker: Node) -> None:
    before = broker.read("/var/lib/emqx/authz/acl.conf")
    broken = {"type": "file", "enable": True, "rules": "{nonsense"}
    assert broker.api("PUT", "/authorization/sources/file", broken)[0] == 400
    assert broker.read("/var/lib/emqx/authz/acl.conf") == before
    assert not may_publish(broker, "a")


def test_what_holds_where_no_rule_fits_is_changed(broker: Node) -> None:
    assert may_publish(broker, "c")
    settings = {"no_match": "deny", "deny_action": "ignore", "cache": {}}
    assert broker.api("PUT", "/authorization/settings", settings)[0] == 200
    assert not may_publish(broker, "c")
    assert broker.api("GET", "/authorization/settings")[1]["no_match"] == "deny"


def test_what_was_changed_lasts_over_a_restart(broker: Node) -> None:
    broker.stop()
    broker.start()
    assert may_publish(broker, "b")
    assert not may_publish(broker, "c")
