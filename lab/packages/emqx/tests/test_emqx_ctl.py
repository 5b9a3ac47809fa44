"""`emqx ctl` and the API of a broker that runs: what they print, and how they end."""

from __future__ import annotations

import json
import socket
import struct

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import PASSWORD, Node


def test_a_list_ends_with_1_and_an_empty_one_with_0(broker: Node) -> None:
    done = broker.ctl("clients", "list")
    assert (done.returncode, done.stdout) == (0, "No clients.\n")
    with Client(broker.address) as client:
        assert client.connect("dev (1), username=x", "ann") == 0
        done = broker.ctl("clients", "list")
        assert done.returncode == 1
        assert done.stdout.startswith("Client(dev (1), username=x, username=ann, peername=127.0.0.1:")
        shown = broker.ctl("clients", "show", "dev (1), username=x")
        assert (shown.returncode, shown.stdout) == (0, done.stdout)


def test_what_prints_an_error_may_end_with_0(broker: Node) -> None:
    for words, printed in (
        (("clients", "show", "nope"), "Not Found.\n"),
        (("clients", "kick", "nope"), "ok\n"),
        (
            ("cluster", "force-leave", "emqx@10.9.9.9"),
            "Failed to remove the node from cluster: node_not_in_cluster\n",
        ),
        (("admins", "passwd", "nobody", "long-enough-1"), "Error: username_not_found\n"),
    ):
        done = broker.ctl(*words)
        assert (done.returncode, done.stdout) == (0, printed)
    done = broker.ctl("cluster", "leave")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Failed to leave the cluster: node_not_in_cluster"


def test_a_command_that_nobody_knows_ends_with_1(broker: Node) -> None:
    assert broker.ctl("nonsense").returncode == 1
    assert broker.ctl().returncode == 0


def test_a_browser_is_told_that_there_is_no_dashboard_and_how_to_have_one(broker: Node) -> None:
    status, text = broker.http("GET", "/")
    assert status == 200
    assert "no dashboard" in text
    assert "LAB_EMQX_DEB=" in text


def test_statistics_always_end_with_1(broker: Node) -> None:
    with Client(broker.address) as client:
        assert client.connect("c") == 0
        done = broker.ctl("broker", "stats")
    assert done.returncode == 1
    stats = dict(line.split(":") for line in done.stdout.splitlines())
    assert int(stats["live_connections.count".ljust(30)]) == 1
    assert done.stdout.splitlines() == sorted(done.stdout.splitlines())


def test_what_a_node_and_its_cluster_are(broker: Node) -> None:
    assert broker.ctl("status").stdout == f"Node '{broker.name}' 5.8.9 is started\n"
    assert broker.ctl("cluster", "status").stdout.split("#")[0] == "Cluster status: "
    done = broker.ctl("cluster", "status", "--json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 2
    assert list(json.loads(done.stdout).items()) == [("stopped_nodes", []), ("running_nodes", [broker.name])]
    assert [line.split(":")[0].strip() for line in broker.ctl("broker").stdout.splitlines()] == [
        *("sysdescr", "version", "datetime", "uptime")
    ]


def test_a_listener_is_told_with_its_connections(broker: Node) -> None:
    with Client(broker.address) as client:
        assert client.connect("c") == 0
        done = broker.ctl("listeners")
    assert done.returncode == 0
    shown = done.stdout.splitlines()
    assert shown[:6] == [
        "ssl:default",
        "  listen_on       : :8883",
        "  acceptors       : 16",
        "  proxy_protocol  : false",
        "  enbale          : false",
        "  running         : false",
    ]
    own = shown.index("tcp:mqtt")
    assert shown[own : own + 8] == [
        "tcp:mqtt",
        "  listen_on       : 127.0.0.1:1883",
        "  acceptors       : 16",
        "  proxy_protocol  : false",
        "  enbale          : true",
        "  running         : true",
        "  current_conn    : 1",
        "  max_conns       : infinity",
    ]


def test_a_kicked_client_goes(broker: Node) -> None:
    with Client(broker.address) as client:
        assert client.connect("kicked", expiry=60) == 0
        assert broker.ctl("clients", "kick", "kicked").returncode == 0
        assert client.is_closed()
    assert broker.ctl("clients", "show", "kicked").stdout == "Not Found.\n"
    assert broker.api("DELETE", "/clients/kicked")[0] == 404


def test_another_user_than_root_and_emqx_is_turned_away(broker: Node) -> None:
    done = broker.run("emqx", "ctl", "status", user="nobody")
    assert (done.returncode, done.stdout) == (1, "You need to be root or use sudo to run this command\n")


def test_root_becomes_emqx_through_a_shell_that_reads_once_more(broker: Node) -> None:
    done = broker.ctl("admins", "passwd", "admin", "pa$HOME-1")
    assert done.stdout == "ok\n"
    assert login(broker, "pa/var/lib/emqx-1") == 200
    assert broker.run("emqx", "ctl", "admins", "passwd", "admin", PASSWORD, user="emqx").stdout == "ok\n"


def login(node: Node, password: str) -> int:
    return node.http("POST", "/api/v5/login", {"username": "admin", "password": password})[0]


def test_a_dashboards_password_is_changed_by_its_command_alone(new_node: NewNode) -> None:
    node = new_node()
    node.configure()
    node.start()
    assert (login(node, PASSWORD), login(node, "public")) == (200, 401)
    node.stop()
    node.environment["EMQX_DASHBOARD__DEFAULT_PASSWORD"] = '"another-password-1"'
    node.start()
    assert (login(node, PASSWORD), login(node, "another-password-1")) == (200, 401)
    assert node.ctl("admins", "passwd", "admin", "another-password-1").stdout == "ok\n"
    assert (login(node, PASSWORD), login(node, "another-password-1")) == (401, 200)
    assert node.ctl("admins", "passwd", "admin", "short").stdout.startswith("Error: ")
    node.stop()


def test_nobody_is_told_anything_without_a_token_or_a_key(broker: Node) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}):
        assert broker.http("GET", "/api/v5/clients", headers=headers)[0] == 401
    assert broker.http("GET", "/api/v5/nothing", headers={})[0] == 401
    assert broker.api("GET", "/nothing")[0] == 404


def test_a_check_that_ends_in_the_middle_leaves_no_word(broker: Node) -> None:
    for _ in range(20):
        with socket.create_connection((broker.address, 18083)) as check:
            check.sendall(b"GET /status HTTP/1.1\r\nHost: a\r\n\r\n")
            check.recv(1)
            check.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert broker.status() == 200
    assert "Traceback" not in broker.journal()


def test_api_keys_and_users_of_the_dashboard_are_made_and_removed(broker: Node) -> None:
    status, key = broker.api("POST", "/api_key", {"name": "mine", "enable": True})
    assert status == 200 and key["api_secret"]
    assert [one["name"] for one in broker.api("GET", "/api_key")[1]] == ["mine"]
    assert broker.api("DELETE", "/api_key/mine")[0] == 204
    assert (
        broker.api("POST", "/users", {"username": "ann", "password": "password-1", "role": "administrator"})[
            0
        ]
        == 200
    )
    assert broker.api("POST", "/users", {"username": "bob", "password": "short"})[0] == 400
    change = {"old_pwd": "password-1", "new_pwd": "password-2"}
    assert broker.api("POST", "/users/ann/change_pwd", change)[0] == 204
    assert broker.api("POST", "/users/ann/change_pwd", change)[0] == 400
    assert {one["username"] for one in broker.api("GET", "/users")[1]} == {"admin", "ann"}
    assert broker.api("DELETE", "/users/ann")[0] == 204


def test_clients_are_told_by_the_api(broker: Node) -> None:
    with Client(broker.address) as client:
        assert client.connect("shown", "ann") == 0
        status, found = broker.api("GET", "/clients?clientid=shown")
    assert (status, len(found["data"])) == (200, 1)
    told = found["data"][0]
    assert (told["username"], told["ip_address"], told["node"], told["connected"]) == (
        *("ann", "127.0.0.1", broker.name),
        True,
    )


def test_without_a_running_broker_a_command_says_so(new_node: NewNode) -> None:
    node = new_node()
    node.configure()
    done = node.ctl("status")
    assert (done.returncode, done.stderr) == (1, f"Node '{node.name}' not responding to pings.\n")
    node.cookie_line = ""
    node.configure()
    done = node.ctl("status")
    assert (done.returncode, "node.cookie" in done.stderr) == (127, True)


#: As many programs as ask at once: how many are let wait, while nobody answers yet.
ASKERS = """
import socket, sys
waiting = []
for _ in range(200):
    asker = socket.socket(socket.AF_UNIX)
    asker.setblocking(False)
    try:
        asker.connect(sys.argv[1])
        waiting.append(asker)
    except BlockingIOError:
        pass
print(len(waiting))
"""


@pytest.mark.parametrize("name", ["control.sock", "companion.sock"])
def test_many_may_ask_at_once_of_a_broker_that_is_slow_to_answer(broker: Node, name: str) -> None:
    broker.signal("STOP")
    try:
        done = broker.run("python3", "-c", ASKERS, f"/var/lib/emqx/standin/{name}")
    finally:
        broker.signal("CONT")
    assert done.stdout == "200\n", done.stderr
    assert broker.ctl("status").returncode == 0
