"""The licence of EMQX from 5.9 on: which key it takes, how many clients, and who may join."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import COOKIE, REPOSITORY, Node, eventually, image_layers

VERSION = "5.10.4"
FILE = "/etc/emqx/licence"
QUOTA_EXCEEDED = 0x97
#: What a broker counts, it counts every five seconds.
COUNTED = 15
TODAY = datetime.now(timezone.utc).date()
SMALL, LARGE, EVALUATION = 0, 2, 10


def fields(**changes: Any) -> list[Any]:
    """Of an official licence of a large customer, for a thousand sessions."""
    known = {"version": "220111", "type": 1, "customer": LARGE, "name": "A customer", "mail": "a@example.org"}
    known |= {"deployment": "demo", "start": "20260101", "days": 3650, "sessions": 1000} | changes
    return list(known.values())


def ended(days_ago: int, **changes: Any) -> list[Any]:
    start = TODAY - timedelta(days=days_ago + 100)
    return fields(start=start.strftime("%Y%m%d"), days=100, **changes)


PAYLOADS = {
    "good": fields(),
    "other": fields(name="Another customer", sessions="20,000", more="Inf"),
    "few": fields(sessions=2),
    "many": fields(sessions=30),
    "community": fields(type=2, sessions=0),
    "trial": ended(0, type=0),
    "ended trial": ended(1, type=0),
    "ended small trial": ended(1, type=0, customer=SMALL),
    "ended": ended(1),
    "ended small": ended(90, customer=SMALL),
    "overdue small": ended(91, customer=SMALL),
    "critical": fields(customer=3),
    "version": fields(version="230101"),
    "short": fields()[:8],
    "date": fields(start="20261399"),
    "early": fields(start="20210101"),
    "days": fields(days=0),
    "type": fields(type=3),
    "no sessions": fields(sessions=0),
}


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    argv = ["npx", "tsx", "lab/packages/emqx/tests/licenceKeys.ts"]
    given = json.dumps(list(PAYLOADS.values()))
    done = subprocess.run(argv, input=given, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(PAYLOADS, done.stdout.splitlines(), strict=True))


@pytest.fixture(scope="module")
def layers() -> list[str]:
    return image_layers(VERSION)


def license_key(key: str) -> str:
    return f"license.key = {json.dumps(key)}\n"


@pytest.fixture(scope="module")
def licensed(new_node: NewNode, keys: dict[str, str]) -> Node:
    """A broker whose key is a file, for a thousand sessions."""
    node = new_node()
    node.write(FILE, keys["good"])
    node.configure(license_key(f"file://{FILE}"))
    node.start()
    return node


@pytest.fixture
def had(licensed: Node, keys: dict[str, str]) -> Iterator[Node]:
    """The same, which has its key again afterwards."""
    yield licensed
    take(licensed, keys["good"])


def take(node: Node, key: str) -> None:
    """The key in the node's file, read anew."""
    node.write(FILE, key)
    node.reconfigure(license_key(f"file://{FILE}"))


def look_again(node: Node) -> None:
    """Two minutes pass for who looks at the file."""
    command = f"{{emqx_license, '{node.name}'}} ! refresh, timer:sleep(500), halt()."
    connect = f"true = net_kernel:connect_node('{node.name}'), {command}"
    argv = ["erl", "-noinput", "-hidden", "-name", f"test@{node.address}", "-setcookie", COOKIE]
    unlisted = ["-start_epmd", "false", "-erl_epmd_port", "4370", "-dist_listen", "false"]
    done = node.run(*argv, *unlisted, "-eval", connect)
    assert done.returncode == 0, done.stdout + done.stderr


def info(node: Node) -> dict[str, str]:
    done = node.ctl("license", "info")
    assert done.returncode == 0
    lines = [line.split(": ", 1) for line in done.stdout.splitlines()]
    return {name.strip(): value for name, value in lines}


def code(node: Node, client_id: str = "one", version: int = 5) -> int:
    with Client(node.address, version=version) as client:
        return client.connect(client_id)


def test_what_a_licence_says_is_told_line_by_line(licensed: Node) -> None:
    done = licensed.ctl("license", "info")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "customer        : A customer",
            "email           : a@example.org",
            "deployment      : demo",
            "max_sessions    : 1000",
            "start_at        : 2026-01-01",
            "expiry_at       : 2035-12-30",
            "type            : official",
            "customer_type   : 2",
            "expiry          : false",
        ],
    )
    assert "EMQX Enterprise" in licensed.ctl("broker").stdout
    assert licensed.ctl("license").stdout.startswith("license info ")
    assert licensed.api("GET", "/nodes")[1][0]["edition"] == "Enterprise"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("unsigned", "invalid_signature"),
        ("of somebody else", "invalid_signature"),
        ("no key", "bad_license_format"),
        ("version", "invalid_version"),
        ("short", "unexpected_number_of_fields"),
        ("date", "invalid_date"),
        ("early", "invalid_date"),
        ("days", "invalid_int_value"),
        ("type", "invalid_license_type"),
        ("no sessions", "invalid_connection_limit"),
    ],
)
def test_a_key_that_is_none_is_refused_and_the_former_goes_on(
    licensed: Node, keys: dict[str, str], wrong: str, reason: str
) -> None:
    given = {
        "unsigned": keys["good"].split(".")[0] + ".YSBzaWduYXR1cmU=",
        "of somebody else": ".".join((keys["other"].split(".")[0], keys["good"].split(".")[1])),
        "no key": "no key",
    } | keys
    done = licensed.ctl("license", "update", given[wrong])
    assert (done.returncode, done.stdout.startswith("Error: "), reason in done.stdout) == (0, True, True)
    licensed.write("/etc/emqx/wrong", given[wrong])
    done = licensed.ctl("license", "update", "file:///etc/emqx/wrong")
    assert reason in done.stdout and "license_file" in done.stdout
    assert info(licensed)["customer"] == "A customer"


def test_a_broker_does_not_start_with_a_key_that_is_none(new_node: NewNode) -> None:
    node = new_node()
    for key, reason in (("no key", "bad_license_format"), ("file:///etc/emqx/nothing", "enoent")):
        node.configure(license_key(key))
        assert node.run("emqx", "check_config", user="emqx").returncode == 0
        node.start(wait=False)
        assert eventually(lambda: node.exit_status() is not None)
        assert (node.exit_status(), "Error reading license: " in node.journal()) == (1, True)
        assert reason in node.journal()


def test_a_file_is_looked_at_again_while_clients_are_on(had: Node, keys: dict[str, str]) -> None:
    with Client(had.address) as client:
        assert client.connect("stays") == 0
        had.write(FILE, keys["other"])
        assert info(had)["customer"] == "A customer"
        look_again(had)
        assert (info(had)["customer"], info(had)["max_sessions"]) == ("Another customer", "20000")
        had.write(FILE, "no key")
        look_again(had)
        assert info(had)["customer"] == "Another customer"
        assert "emqx_license_refresh_failed" in had.journal()
        assert client.ping()


def test_another_key_by_command_holds_until_the_start_that_reads_emqx_conf(
    had: Node, keys: dict[str, str]
) -> None:
    assert had.ctl("license", "update", keys["other"]).stdout == "ok\n"
    assert info(had)["customer"] == "Another customer"
    assert keys["other"] in had.read("/var/lib/emqx/configs/cluster.hocon")
    had.stop()
    had.start()
    assert info(had)["customer"] == "A customer"


def test_a_reload_reads_the_file_and_refuses_one_that_is_none(had: Node, keys: dict[str, str]) -> None:
    had.write(FILE, "no key")
    done = had.ctl("conf", "reload", "--replace")
    assert (done.returncode, "Root key: license" in done.stdout) == (1, True)
    assert info(had)["customer"] == "A customer"
    had.write(FILE, keys["other"])
    assert had.ctl("conf", "reload", "--replace").returncode == 0
    assert info(had)["customer"] == "Another customer"


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("trial", False),
        ("ended trial", True),
        ("ended small trial", True),
        ("ended", False),
        ("ended small", False),
        ("overdue small", True),
    ],
)
def test_one_that_has_ended_lets_nobody_in_but_with_an_official_licence(
    had: Node, keys: dict[str, str], name: str, refused: bool
) -> None:
    take(had, keys[name])
    assert code(had) == (QUOTA_EXCEEDED if refused else 0)
    # An older client is told that the server is not available.
    assert code(had, version=4) == (3 if refused else 0)
    assert info(had)["expiry"] == str(name != "trial").lower()


def test_a_larger_limit_is_kept_to_with_a_tenth_more(had: Node, keys: dict[str, str]) -> None:
    take(had, keys["many"])
    clients = [Client(had.address) for _ in range(33)]
    try:
        assert {client.connect(f"c{number}") for number, client in enumerate(clients)} == {0}
        eventually(lambda: code(had, "more") == QUOTA_EXCEEDED, COUNTED)
    finally:
        for client in clients:
            client.close()


def test_business_critical_licences_cover_what_the_configuration_says(
    had: Node, keys: dict[str, str]
) -> None:
    take(had, keys["critical"])
    assert info(had)["max_sessions"] == "25"
    had.reconfigure(license_key(f"file://{FILE}") + "license.dynamic_max_connections = 5000\n")
    assert info(had)["max_sessions"] == "1000"


def test_a_running_broker_is_asked_what_a_key_is_worth(licensed: Node, keys: dict[str, str]) -> None:
    for key, worth in ((keys["other"], "{ok,"), (keys["other"].split(".")[0] + ".YQ==", "{error,")):
        licensed.write("/etc/emqx/asked", key)
        asked = 'emqx_license_parser:parse(<<"file:///etc/emqx/asked">>)'
        done = licensed.run("emqx", "eval", asked, user="emqx")
        assert (done.returncode, done.stdout.startswith(worth)) == (0, True), done.stdout
    done = licensed.run("emqx", "eval", "nothing:known()", user="emqx")
    assert (done.returncode, done.stdout.startswith("RPC to ")) == (1, True)


def test_its_settings_are_judged(new_node: NewNode) -> None:
    node = new_node()
    for wrong in ("license.seats = 3\n", "license.connection_low_watermark = 90%\n"):
        node.configure(wrong)
        done = node.run("emqx", "check_config", user="emqx")
        assert (done.returncode, "license" in done.stdout) == (1, True)


def test_a_second_broker_without_a_key_for_clusters_ends_and_the_first_goes_on(
    new_node: NewNode, keys: dict[str, str]
) -> None:
    first, second = new_node(), new_node()
    seeds = [first.name, second.name]
    for node in (first, second):
        node.configure(license_key(keys["community"]), seeds=seeds)
    first.start()
    with Client(first.address) as client:
        assert client.connect("stays") == 0
        second.start(wait=False)
        eventually(lambda: second.exit_status() is not None, 60)
        assert (second.exit_status(), "SINGLE_NODE_LICENSE" in second.journal()) == (1, True)
        assert client.ping()
    # Each further start ends so, and one with a key does not.
    second.start(wait=False)
    eventually(lambda: second.exit_status() is not None, 60)
    assert first.ctl("license", "update", keys["good"]).stdout == "ok\n"
    second.configure(license_key(keys["good"]), seeds=seeds)
    second.start()
    eventually(lambda: clustered(first, second))
    assert second.ctl("license", "update", keys["community"]).stdout == "Error: 'SINGLE_NODE_LICENSE'\n"
    # A limit is of sessions in the whole cluster, and who has one comes in.
    assert second.ctl("license", "update", keys["few"]).stdout == "ok\n"
    with Client(first.address) as one, Client(second.address) as two:
        assert (one.connect("one", expiry=60), two.connect("two")) == (0, 0)
        for node in (first, second):
            eventually(partial(is_refused, node), COUNTED)
        assert code(second, "") == QUOTA_EXCEEDED
    with Client(second.address) as one:
        assert one.connect("one", clean=False) == 0


def test_a_broker_with_such_a_key_is_joined_by_nobody_who_is_told_to(
    new_node: NewNode, keys: dict[str, str]
) -> None:
    alone, other = new_node(), new_node()
    for node, key in ((alone, "community"), (other, "good")):
        node.configure(license_key(keys[key]))
        node.start()
    told = other.ctl("cluster", "join", alone.name).stdout
    assert told == f'Failed to join the cluster: "Node {alone.name} has a single node license"\n'


def test_it_joins_brokers_of_the_free_edition_while_they_are_upgraded(
    new_node: NewNode, keys: dict[str, str], tmp_path: Path
) -> None:
    newer = new_node()
    older = Node(tmp_path, image_layers(), "127.0.0.99")
    try:
        seeds = [older.name, newer.name]
        older.configure("mqtt.max_packet_size = 2MB\n", seeds=seeds)
        older.start()
        assert "license" not in older.ctl("conf", "show_keys").stdout
        assert older.ctl("license", "info").returncode == 1
        with Client(older.address) as client:
            assert client.connect("stays", expiry=60) == 0
            newer.configure(license_key(keys["good"]), seeds=seeds)
            newer.start()
            eventually(lambda: clustered(older, newer))
            assert client.ping()
        assert (info(newer)["customer"], info(newer)["expiry"]) == ("A customer", "false")
    finally:
        older.close()


def is_refused(node: Node) -> bool:
    return code(node, "three") == QUOTA_EXCEEDED


def clustered(one: Node, other: Node) -> bool:
    told = json.loads(one.ctl("cluster", "status", "--json").stdout)
    together = set(told["running_nodes"]) == {one.name, other.name} and told["stopped_nodes"] == []
    return together and one.status() == other.status() == 200
