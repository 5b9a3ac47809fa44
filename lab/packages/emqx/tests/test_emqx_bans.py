"""Who is kept out by name, on a broker that runs."""

from __future__ import annotations

import time

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node, eventually

CONFIGURATION = """
authentication = [{mechanism = password_based, backend = built_in_database}]
flapping_detect { enable = true, max_count = 3, window_time = 60s, ban_time = 2s }
"""
BANNED = 0x8A
WRONG_PASSWORD = 0x86


@pytest.fixture(scope="module")
def node(new_node: NewNode) -> Node:
    node = new_node()
    node.configure(CONFIGURATION)
    node.start()
    return node


def code(node: Node, client_id: str, username: str | None = None, version: int = 5) -> int:
    with Client(node.address, version=version) as client:
        return client.connect(client_id, username)


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("clientid", "thief"),
        ("username", "ann"),
        ("peerhost", "127.0.0.1"),
        ("peerhost_net", "127.0.0.0/24"),
        ("clientid_re", "^th"),
        ("username_re", "^a"),
    ],
)
def test_who_is_banned_is_not_even_asked_for_a_password(node: Node, kind: str, who: str) -> None:
    assert node.api("POST", "/banned", {"as": kind, "who": who, "reason": "stolen"})[0] == 200
    assert code(node, "thief", "ann") == BANNED
    assert code(node, "thief", "ann", version=4) == 5
    status, listed = node.api("GET", "/banned")
    assert (status, [(ban["as"], ban["who"], ban["reason"]) for ban in listed["data"]]) == (
        200,
        [(kind, who, "stolen")],
    )
    assert node.api("POST", "/banned", {"as": kind, "who": who})[0] == 400
    assert node.api("DELETE", f"/banned/{kind}/{who.replace('/', '%2F')}")[0] == 204
    assert node.api("DELETE", f"/banned/{kind}/{who.replace('/', '%2F')}")[0] == 404
    assert code(node, f"other-{kind}", "ann") == WRONG_PASSWORD


def test_a_ban_ends(node: Node) -> None:
    until = int(time.time()) + 2
    assert node.api("POST", "/banned", {"as": "clientid", "who": "late", "until": until})[0] == 200
    assert code(node, "late") == BANNED
    assert node.api("POST", "/banned", {"as": "clientid", "who": "x", "until": 1})[0] == 400
    time.sleep(max(0.0, until - time.time()))
    assert code(node, "late") == WRONG_PASSWORD
    assert node.api("DELETE", "/banned")[0] == 204


def test_strangers_with_wrong_passwords_can_ban_a_client_by_its_id(node: Node) -> None:
    assert [code(node, "victim") for _ in range(4)] == [WRONG_PASSWORD] * 3 + [BANNED]
    eventually(lambda: "flapping_detected" in node.journal())
    assert node.api("GET", "/banned?clientid=victim")[1]["data"][0]["by"] == "flapping detector"
