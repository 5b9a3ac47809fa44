"""Who may do what with which topics, on a broker that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.packages.emqx.tests.mqtt import Client, proxy
from lab.packages.emqx.tests.stage import Node, eventually

DENIED = 0x87
NO_SUBSCRIBERS = 0x10
RULES = "/etc/emqx/rules.conf"


def judged(
    node: Node, rules: str, *, no_match: str = "deny", deny_action: str = "ignore", more: str = ""
) -> None:
    """Puts rules in force."""
    node.write(RULES, rules)
    node.reconfigure(
        f"authorization {{ no_match = {no_match}, deny_action = {deny_action},"
        f' sources = [{{type = file, path = "{RULES}"}}] }}\n{more}'
    )


def entered(
    node: Node,
    client_id: str = "c1",
    username: str | None = None,
    *,
    version: int = 5,
    prefix: bytes = b"",
    port: int = 1883,
) -> Client:
    client = Client(node.address, port, prefix, version)
    assert client.connect(client_id, username) == 0
    return client


def may_publish(client: Client, topic: str, qos: int = 1, retain: bool = False) -> bool:
    code = client.publish(topic, qos=qos, retain=retain)
    assert code in (0, NO_SUBSCRIBERS, DENIED)
    if qos == 2 and code != DENIED:
        client.send(0x62, client._id.to_bytes(2, "big"))
        assert client.receive()[0] == 0x70
    return code != DENIED


@pytest.fixture(autouse=True)
def open_again(broker: Node) -> Iterator[None]:
    yield
    broker.reconfigure("authorization {}\nauthentication = []\n")


def test_rules_are_asked_in_their_order_and_the_first_that_fits_holds(broker: Node) -> None:
    judged(broker, '{deny, all, publish, ["a/secret"]}.\n{allow, all, publish, ["a/#"]}.\n')
    with entered(broker) as client:
        assert not may_publish(client, "a/secret")
        assert may_publish(client, "a/open")
        assert may_publish(client, "a")
        assert not may_publish(client, "b")


@pytest.mark.parametrize(
    ("no_match", "allowed"),
    [("allow", True), ("deny", False)],
)
def test_what_no_rule_is_about_is_decided_by_no_match(broker: Node, no_match: str, allowed: bool) -> None:
    judged(broker, '{allow, all, publish, ["a/b"]}.\n', no_match=no_match)
    with entered(broker) as client:
        assert may_publish(client, "c/d") is allowed
        assert client.subscribe("c/d") == [1 if allowed else DENIED]


def test_topics_may_carry_the_clients_names(broker: Node) -> None:
    judged(broker, '{allow, all, all, ["to/${username}/#", "of/${clientid}", "lit/${$}{username}"]}.\n')
    with entered(broker, "dev-7", "ann") as client:
        assert may_publish(client, "to/ann/x")
        assert may_publish(client, "of/dev-7")
        assert not may_publish(client, "to/bob/x")
        assert not may_publish(client, "of/dev-8")
        assert may_publish(client, "lit/${username}")
        assert client.subscribe("to/ann/#", "to/+/#", "of/dev-7") == [1, DENIED, 1]
    with entered(broker, "dev-7") as nameless:
        assert not may_publish(nameless, "to//x")
        assert not may_publish(nameless, "to/undefined/x")


@pytest.mark.parametrize(
    ("who", "ann", "bob"),
    [
        ("all", True, True),
        ('{user, "ann"}', True, False),
        ('{username, {re, "^b"}}', False, True),
        ('{clientid, "id-ann"}', True, False),
        ('{client, {re, "bob$"}}', False, True),
        ('{ipaddr, "10.1.0.0/16"}', True, False),
        ('{ipaddrs, ["10.1.0.1", "10.2.0.9"]}', True, True),
        ('{\'and\', [{user, "ann"}, {ipaddr, "10.2.0.0/16"}]}', False, False),
        ('{\'or\', [{user, "ann"}, {ipaddr, "10.2.0.0/16"}]}', True, True),
    ],
)
def test_a_rule_says_whom_it_is_about(broker: Node, who: str, ann: bool, bob: bool) -> None:
    proxied = 'listeners.tcp.proxied { bind = "127.0.0.1:1884", proxy_protocol = true }\n'
    judged(broker, f'{{allow, {who}, publish, ["t"]}}.\n', more=proxied)
    for name, address, allowed in (("ann", "10.1.0.1", ann), ("bob", "10.2.0.9", bob)):
        with entered(broker, f"id-{name}", name, prefix=proxy(address), port=1884) as client:
            assert may_publish(client, "t") is allowed


def test_a_rule_may_be_about_quality_and_retaining(broker: Node) -> None:
    judged(
        broker,
        '{allow, all, {publish, [{qos, [1, 2]}, {retain, false}]}, ["t"]}.\n'
        '{allow, all, {subscribe, [{qos, 0}]}, ["t"]}.\n',
    )
    with entered(broker) as client:
        assert may_publish(client, "t", qos=1)
        assert may_publish(client, "t", qos=2)
        assert not may_publish(client, "t", qos=1, retain=True)
        assert client.subscribe("t", qos=0) == [0]
        assert client.subscribe("t", qos=1) == [DENIED]
        client.publish("t", "unwanted", qos=0)
        client.publish("t", "wanted", qos=1)
        assert client.message() == ("t", "wanted")


def test_wildcards_cover_no_topic_of_the_system(broker: Node) -> None:
    judged(broker, '{allow, all, subscribe, ["#", "+/x"]}.\n')
    with entered(broker) as client:
        assert client.subscribe("a/b", "$SYS/brokers", "$SYS/#", "$x/x") == [1, DENIED, DENIED, DENIED]


def test_a_topic_may_be_meant_literally(broker: Node) -> None:
    judged(broker, '{deny, all, subscribe, [{eq, "#"}, "eq a/+"]}.\n{allow, all}.\n')
    with entered(broker) as client:
        assert client.subscribe("#", "a/+", "a/b", "+/b") == [DENIED, DENIED, 1, 1]


def test_a_shared_subscription_is_judged_by_what_it_shares(broker: Node) -> None:
    judged(broker, '{allow, all, all, ["jobs/#"]}.\n')
    with entered(broker, "w1") as first, entered(broker, "w2") as second, entered(broker, "p") as sender:
        assert first.subscribe("$share/g/jobs/+", "$share/g/other", qos=0) == [0, DENIED]
        assert second.subscribe("$share/g/jobs/+", qos=0) == [0]
        for number in range(20):
            assert sender.publish(f"jobs/{number}", str(number)) == 0
        got: list[str] = []
        for client in (first, second):
            while not client.is_silent(0.5, got):
                pass
        assert sorted(got, key=int) == [str(number) for number in range(20)]


def test_denied_messages_are_acknowledged_and_reach_nobody(broker: Node) -> None:
    judged(broker, '{allow, all, subscribe, ["#"]}.\n{allow, all, publish, ["open"]}.\n')
    with (
        entered(broker, "s") as subscriber,
        entered(broker, "p") as sender,
        entered(broker, "p4", version=4) as old,
    ):
        assert subscriber.subscribe("#") == [1]
        assert sender.publish("closed", "1", qos=1) == DENIED
        assert sender.publish("closed", "2", qos=2) == DENIED
        assert sender.publish("closed", "3", qos=0) == 0
        assert old.publish("closed", "4", qos=1) == 0
        assert sender.publish("open", "5", qos=1) == 0
        assert subscriber.message() == ("open", "5")
        assert old.subscribe("a", "b") == [1, 1]


def test_older_versions_are_told_of_a_denied_subscription(broker: Node) -> None:
    judged(broker, '{allow, all, subscribe, ["a"]}.\n')
    with entered(broker, version=4) as client:
        assert client.subscribe("a", "b", qos=2) == [2, 0x80]
        assert client.subscribe("b") == [0x80]


def test_a_denial_may_end_the_connection(broker: Node) -> None:
    judged(broker, '{allow, all, all, ["a"]}.\n', deny_action="disconnect")
    with entered(broker) as client:
        assert may_publish(client, "a")
        client.publish("b", qos=0)
        assert client.disconnected() == DENIED
        assert client.is_closed()
    with entered(broker, version=4) as client:
        client.publish("b", qos=0)
        assert client.is_closed()
    with entered(broker) as client:
        client.send(0x82, b"\0\x01\0\0\x01b\1")
        assert client.disconnected() == DENIED


def test_an_alias_does_not_hide_a_topic(broker: Node) -> None:
    judged(broker, '{allow, all, publish, ["open"]}.\n')
    with entered(broker) as client:
        assert client.publish("open", alias=1) == NO_SUBSCRIBERS
        assert client.publish("", alias=1) == NO_SUBSCRIBERS
        assert client.publish("closed", alias=2) == DENIED
        assert client.publish("", alias=2) == DENIED


def test_a_will_is_published_where_its_client_might_publish_it(broker: Node) -> None:
    judged(broker, '{allow, all, subscribe, ["#"]}.\n{allow, all, publish, ["open/#", "end"]}.\n')
    with entered(broker, "s") as subscriber:
        assert subscriber.subscribe("#") == [1]
        for topic in ("closed/will", "open/will"):
            client = Client(broker.address)
            assert client.connect("w", will=(topic, "gone")) == 0
            client.close()
            eventually(lambda: "Client(w," not in broker.ctl("clients", "list").stdout)
        assert subscriber.message() == ("open/will", "gone")


def test_a_superuser_may_do_everything(broker: Node) -> None:
    users = "[{mechanism = password_based, backend = built_in_database}]"
    judged(broker, "{deny, all}.\n", more=f"authentication = {users}\n")
    path = "/authentication/password_based:built_in_database/users"
    broker.api("POST", path, {"user_id": "root", "password": "p", "is_superuser": True})
    broker.api("POST", path, {"user_id": "u", "password": "p"})
    for name, allowed in (("root", True), ("u", False)):
        with Client(broker.address) as client:
            assert client.connect("c", name, "p") == 0
            assert may_publish(client, "t") is allowed


def test_changed_rules_hold_at_once_for_clients_that_are_connected(broker: Node) -> None:
    judged(broker, '{allow, all, all, ["a"]}.\n')
    with entered(broker) as client:
        assert may_publish(client, "a")
        broker.write(RULES, '{allow, all, all, ["b"]}.\n')
        assert may_publish(client, "a")
        assert broker.ctl("conf", "reload").returncode == 0
        assert not may_publish(client, "a")
        assert may_publish(client, "b")
        assert client.ping()


def test_broken_rules_are_refused_and_the_former_ones_stay(broker: Node) -> None:
    judged(broker, '{allow, all, all, ["a"]}.\n')
    for broken in ("{allow, all, all, [", "{perhaps, all}.\n", "{allow, {colour, red}, all, []}.\n"):
        broker.write(RULES, broken)
        assert broker.ctl("conf", "reload").returncode == 1
    with entered(broker) as client:
        assert may_publish(client, "a")
        assert not may_publish(client, "b")
    broker.write(RULES, '{allow, all, all, ["a"]}.\n')


def test_the_rules_of_the_package_keep_others_out_of_the_system_topics(broker: Node) -> None:
    more = 'listeners.tcp.proxied { bind = "127.0.0.1:1884", proxy_protocol = true }\n'
    broker.reconfigure(f"authorization {{}}\n{more}")
    with entered(broker, prefix=proxy("10.1.0.1"), port=1884) as client:
        assert client.subscribe("$SYS/#", "#", "+/#", "a/#") == [DENIED, DENIED, DENIED, 1]
    with entered(broker) as client:
        assert client.subscribe("$SYS/#", "#") == [1, 1]


def test_a_source_that_cannot_be_asked_denies_everything(broker: Node) -> None:
    database = '{type = postgresql, server = "127.0.0.1:1", database = d, query = "SELECT 1"}'
    broker.reconfigure(f"authorization {{ no_match = allow, sources = [{database}] }}\n")
    with entered(broker) as client:
        assert not may_publish(client, "a")
    eventually(lambda: "authorization_source_not_asked" in broker.journal())


def test_a_subscription_is_in_force_until_it_is_ended(broker: Node) -> None:
    judged(broker, "{allow, all}.\n")
    with entered(broker, "s") as subscriber, entered(broker, "p") as sender:
        assert subscriber.subscribe("t/+", "$share/g/u") == [1, 1]
        assert sender.publish("t/1", "one") == 0
        assert subscriber.message() == ("t/1", "one")
        subscriber.unsubscribe("t/+")
        subscriber.unsubscribe("$share/g/u")
        assert sender.publish("t/1") == NO_SUBSCRIBERS
        assert sender.publish("u") == NO_SUBSCRIBERS
