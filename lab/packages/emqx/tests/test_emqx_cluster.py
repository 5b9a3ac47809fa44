"""Three brokers that run: how they find each other, what they share, and what their clients see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node, basic, eventually, parted

USERS = "/authentication/password_based:built_in_database/users"


def running(node: Node) -> list[str]:
    return members(node)["running_nodes"]


def members(node: Node) -> dict[str, list[str]]:
    done = node.ctl("cluster", "status", "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, list[str]] = json.loads(done.stdout)
    return result


def together(nodes: list[Node]) -> None:
    names = sorted(node.name for node in nodes)
    for node in nodes:
        eventually(lambda node=node: running(node) == names, 60)  # type: ignore[misc]
        node.await_running()


@pytest.fixture
def nodes(new_node: NewNode) -> Iterator[list[Node]]:
    """A cluster of three."""
    nodes = [new_node() for _ in range(3)]
    for node in nodes:
        node.configure(seeds=[node.name for node in nodes])
        node.start(wait=False)
    together(nodes)
    yield nodes
    for node in nodes:
        node.kill()


def entered(node: Node, client_id: str, **options: bool | int) -> Client:
    client = Client(node.address)
    assert client.connect(client_id, **options) == 0  # type: ignore[arg-type]
    return client


def test_three_new_brokers_become_one_cluster(nodes: list[Node]) -> None:
    first, second, third = nodes
    with entered(first, "s") as subscriber, entered(second, "p") as sender:
        assert subscriber.subscribe("t/+", "$share/g/u") == [1, 1]
        eventually(lambda: sender.publish("t/1", "over") == 0)
        assert subscriber.message() == ("t/1", "over")
        assert sender.publish("u", "shared") == 0
        assert subscriber.message() == ("u", "shared")
    status, told = third.api("GET", "/nodes")
    assert (status, [node["node_status"] for node in told]) == (200, ["running"] * 3)


def test_a_broker_that_restarts_or_joins_closes_no_client_of_others(
    nodes: list[Node], new_node: NewNode
) -> None:
    first, second, third = nodes
    one, other, leaving = entered(first, "a"), entered(second, "b"), entered(third, "c")
    assert (one.subscribe("to/one"), other.subscribe("to/other")) == ([1], [1])
    assert third.stop() == 0
    assert leaving.is_closed()
    eventually(lambda: members(first)["stopped_nodes"] == [third.name])
    fourth = new_node()
    fourth.configure(seeds=[node.name for node in (*nodes, fourth)])
    for node in (third, fourth):
        node.start(wait=False)
        done = False
        while not done:
            # Each message is heard by the other while the broker comes.
            for sender, receiver, topic in ((one, other, "to/other"), (other, one, "to/one")):
                assert sender.publish(topic, "still here") == 0
                assert receiver.message() == (topic, "still here")
            done = node.status() == 200 and len(running(node)) == 3 + (node is fourth)
    assert one.ping() and other.ping()
    fourth.kill()


def test_any_broker_finds_a_client_of_another(nodes: list[Node]) -> None:
    first, _, third = nodes
    with entered(third, "far"):
        status, found = first.api("GET", "/clients/far")
        assert (status, found["node"], found["connected"]) == (200, third.name, True)
    assert first.api("GET", "/clients/nowhere")[0] == 404


def test_a_session_follows_its_client_from_broker_to_broker(nodes: list[Node]) -> None:
    first, second, third = nodes
    with entered(first, "roams", expiry=60) as client:
        assert client.subscribe("to/roams") == [1]
    with entered(third, "p") as sender:
        eventually(lambda: sender.publish("to/roams", "waiting") == 0)
    with Client(second.address) as client:
        assert client.connect("roams", clean=False, expiry=60) == 0
        assert client.session_present
        assert client.message() == ("to/roams", "waiting")
        with entered(third, "roams") as newer:
            assert client.disconnected() == 0x8E
            assert newer.ping()


def test_a_session_that_moved_gets_each_message_once(nodes: list[Node]) -> None:
    first, second, third = nodes
    entered(first, "nomad", expiry=60).close()
    for node in (first, second, third):
        client = Client(node.address)
        assert client.connect("nomad", clean=False, expiry=60) == 0
        assert client.subscribe("to/nomad") == [1]
    with entered(second, "p") as sender:
        assert sender.publish("to/nomad", "once") == 0
    assert client.message() == ("to/nomad", "once")
    assert client.is_silent(1)


def test_a_session_that_moved_is_known_to_a_broker_that_hears_of_its_former_one_later(
    nodes: list[Node],
) -> None:
    first, second, third = nodes
    with parted(second, third):
        with entered(second, "moves", expiry=60) as former:
            assert former.subscribe("to/moves") == [1]
        client = Client(first.address)
        assert client.connect("moves", clean=False, expiry=60) == 0
        assert client.session_present
    with entered(second, "last") as last, entered(third, "p") as sender:
        assert last.subscribe("to/last") == [1]
        # What a broker tells another comes in order: with this, the third has heard all of the second.
        eventually(lambda: sender.publish("to/last", "x") == 0 and not last.is_silent(0.2))
        # A former session passes on what comes to it, for a minute.
        second.kill()
        eventually(lambda: second.name in members(third)["stopped_nodes"])
        assert sender.publish("to/moves", "found") == 0
        assert client.message() == ("to/moves", "found")


def test_tries_of_one_client_that_waited_for_a_broker_take_its_session_one_after_the_other(
    nodes: list[Node],
) -> None:
    first, second, third = nodes
    entered(third, "tries", expiry=60).close()
    tries = [Client(node.address) for node in (first, second, first, second)]
    third.signal("STOP")
    with ThreadPoolExecutor() as pool:
        codes = [pool.submit(one.connect, "tries", clean=False, expiry=60) for one in tries]
        third.signal("CONT")
        assert [code.result() for code in codes] == [0] * len(tries)
    assert all(one.session_present for one in tries)
    ended = [one.disconnected() for one in tries if not one.ping()]
    assert len(ended) == len(tries) - 1


def test_users_admins_and_keys_are_the_same_everywhere(nodes: list[Node]) -> None:
    first, second, third = nodes
    authenticator = {
        "mechanism": "password_based",
        "backend": "built_in_database",
        "user_id_type": "username",
    }
    assert first.api("POST", "/authentication", authenticator)[0] == 200
    assert second.api("POST", USERS, {"user_id": "u1", "password": "p1"})[0] == 201
    for node in nodes:
        with Client(node.address) as client:
            assert client.connect("c", "u1", "p1") == 0
        with Client(node.address) as client:
            assert client.connect("c", "u2", "p1") == 0x87
    assert third.ctl("admins", "passwd", "admin", "another-1").stdout == "ok\n"
    body = {"username": "admin", "password": "another-1"}
    assert [node.http("POST", "/api/v5/login", body)[0] for node in nodes] == [200] * 3
    token = json.loads(first.http("POST", "/api/v5/login", body)[1])["token"]
    made = second.http("POST", "/api/v5/api_key", {"name": "k"}, {"Authorization": f"Bearer {token}"})
    key = json.loads(made[1])
    headers = basic(key["api_key"], key["api_secret"])
    assert [node.http("GET", "/api/v5/nodes", headers=headers)[0] for node in nodes] == [200] * 3


def test_a_change_reaches_every_broker_and_the_one_whose_file_says_otherwise_goes_back(
    nodes: list[Node],
) -> None:
    first, second, third = nodes
    third.configure("mqtt.max_packet_size = 3MB\n", seeds=[node.name for node in nodes])
    _, zone = first.api("GET", "/configs/global_zone")
    zone["mqtt"] |= {"max_packet_size": "2MB", "max_inflight": 7}
    assert first.api("PUT", "/configs/global_zone", {"mqtt": zone["mqtt"]})[0] == 200
    assert [packet_and_inflight(node) for node in nodes] == [("2MB", 7)] * 3
    third.stop()
    third.start()
    assert [packet_and_inflight(node) for node in nodes] == [("2MB", 7), ("2MB", 7), ("3MB", 7)]
    assert "tnx_id=1" in second.ctl("conf", "cluster_sync", "status").stdout


def packet_and_inflight(node: Node) -> tuple[str, int]:
    mqtt = node.api("GET", "/configs/global_zone")[1]["mqtt"]
    return mqtt["max_packet_size"], mqtt["max_inflight"]


def test_what_base_hocon_said_when_a_node_joined_is_what_it_keeps(new_node: NewNode) -> None:
    nodes = [new_node() for _ in range(2)]
    seeds = [node.name for node in nodes]
    for node in nodes:
        node.configure(seeds=seeds, base="mqtt.max_packet_size = 2MB\n")
        node.start()
    together(nodes)
    founder, joiner = nodes if not kept(nodes[0]) else list(reversed(nodes))
    assert not kept(founder)
    assert 'max_packet_size = "2MB"' in kept(joiner)
    for node in nodes:
        node.configure(seeds=seeds, base="mqtt.max_packet_size = 9MB\n")
    for node in (founder, joiner):
        node.stop()
        node.start()
        together(nodes)
    assert [packet_and_inflight(node)[0] for node in nodes] == ["2MB"] * 2
    for node in nodes:
        node.kill()


def kept(node: Node) -> str:
    return node.read("/var/lib/emqx/configs/cluster.hocon")


def test_a_broker_serves_alone_before_it_joins_and_gives_up_what_it_had(
    nodes: list[Node], new_node: NewNode
) -> None:
    late = new_node()
    late.configure(seeds=[node.name for node in (*nodes, late)])
    late.start()
    # It is 200 already, and no member yet.
    if running(late) == [late.name]:
        client = entered(late, "early")
        assert client.is_closed()
    eventually(lambda: len(running(late)) == 4)
    late.kill()
    eventually(lambda: late.name in members(nodes[0])["stopped_nodes"])


def test_after_an_outage_of_all_each_waits_for_the_others(nodes: list[Node]) -> None:
    first, second, third = nodes
    for node in nodes:
        node.kill()
    for node in (first, second):
        node.start(wait=False)
    for node in (first, second):
        eventually(lambda node=node: "still waiting for table(s)" in node.journal(), 60)  # type: ignore[misc]
        assert node.status() == 0
    third.start(wait=False)
    together(nodes)


def test_a_broker_that_waits_is_rescued_by_taking_its_own_tables(nodes: list[Node]) -> None:
    first, _, _ = nodes
    for node in nodes:
        node.kill()
    first.start(wait=False)
    eventually(lambda: "still waiting for table(s)" in first.journal(), 60)
    assert first.status() == 0
    pending = first.run("/usr/lib/emqx/bin/emqx_cluster_rescue", "pending-tables")
    assert "emqx_user" in pending.stdout
    assert first.run("/usr/lib/emqx/bin/emqx_cluster_rescue", "force-load").returncode == 0
    first.await_running()


def test_the_last_one_to_stop_in_order_starts_without_the_others(nodes: list[Node]) -> None:
    first, second, third = nodes
    assert first.stop() == 0
    eventually(lambda: running(third) == sorted([second.name, third.name]))
    assert second.stop() == 0
    eventually(lambda: running(third) == [third.name])
    assert third.stop() == 0
    third.start()
    assert running(third) == [third.name]


def test_a_node_that_leaves_goes_on_alone_and_joins_again_when_it_restarts(nodes: list[Node]) -> None:
    first, _, third = nodes
    done = third.ctl("cluster", "leave")
    assert done.returncode == 0
    assert "Leave the cluster successfully.\n" in done.stdout
    assert (running(third), third.name in running(first)) == ([third.name], False)
    assert members(first)["stopped_nodes"] == []
    with entered(third, "c") as client:
        assert client.ping()
    third.stop()
    third.start()
    together(nodes)


def test_a_running_node_can_be_made_to_leave(nodes: list[Node]) -> None:
    first, second, third = nodes
    done = first.ctl("cluster", "force-leave", third.name)
    assert (done.returncode, "Remove the node from cluster successfully." in done.stdout) == (0, True)
    assert running(first) == sorted([first.name, second.name])
    assert running(third) == [third.name]


def test_a_stopped_node_that_was_made_to_leave_does_not_start_again_with_its_database(
    nodes: list[Node],
) -> None:
    first, _, third = nodes
    third.stop()
    eventually(lambda: third.name in members(first)["stopped_nodes"])
    assert first.ctl("cluster", "force-leave", third.name).returncode == 0
    assert members(first)["stopped_nodes"] == []
    third.start(wait=False)
    assert eventually(third.exit_status) == 1
    third.run("rm", "-rf", "/var/lib/emqx/mnesia")
    third.start(wait=False)
    together(nodes)


def test_a_node_that_lost_its_disk_takes_its_place_again(nodes: list[Node]) -> None:
    third = nodes[2]
    third.kill()
    third.run("sh", "-c", "rm -rf /var/lib/emqx/*")
    third.start(wait=False)
    together(nodes)


def test_a_stopped_node_is_forgotten_after_a_time(new_node: NewNode) -> None:
    nodes = [new_node() for _ in range(2)]
    for node in nodes:
        node.configure("cluster.autoclean = 3s\n", seeds=[node.name for node in nodes])
        node.start(wait=False)
    together(nodes)
    nodes[1].stop()
    eventually(lambda: members(nodes[0]) == {"running_nodes": [nodes[0].name], "stopped_nodes": []})
    nodes[0].kill()


def test_a_broker_that_crashes_is_noticed_and_its_sessions_are_forgotten(nodes: list[Node]) -> None:
    first, _, third = nodes
    client = entered(third, "was-there", expiry=60)
    third.kill()
    eventually(lambda: members(first)["stopped_nodes"] == [third.name], 5)
    client.close()
    with Client(first.address) as again:
        assert again.connect("was-there", clean=False) == 0
        assert not again.session_present


def test_clients_are_served_while_a_broker_stands_still(nodes: list[Node]) -> None:
    first, second, third = nodes
    entered(third, "stuck", expiry=60)
    third.signal("STOP")
    with entered(first, "s") as subscriber, entered(second, "p") as sender:
        assert subscriber.subscribe("t") == [1]
        eventually(lambda: sender.publish("t", "x") == 0)
        assert subscriber.message() == ("t", "x")
        with Client(first.address) as again:
            assert again.connect("stuck", clean=False) == 0
            assert not again.session_present
    third.signal("CONT")
