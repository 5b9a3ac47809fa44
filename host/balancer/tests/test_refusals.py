"""Counts of refusals, in a real HAProxy."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until

from balancer import refusals
from balancer.refusals import Refusals, refused

REFUSE = """tcp-request connection track-sc2 str(rate) table refusals_line-two
  tcp-request connection sc-inc-gpc0(2)
  tcp-request connection reject"""
TABLES = """backend refusals_line-two
 stick-table type string len 24 size 64 store gpc0,gpc0_rate(10s)
backend refusals_mqtt
 stick-table type string len 24 size 64 store gpc0,gpc0_rate(10s)"""


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    made = HaProxy(tmp_path)
    made.rule, made.frontends = REFUSE, TABLES
    monkeypatch.setattr(refusals, "RUNTIME", made.runtime)
    with made:
        yield made


def knock(haproxy: HaProxy) -> None:
    with socket.create_connection(("127.0.0.1", haproxy.port)) as client:
        client.settimeout(5)
        try:
            client.sendall(b"x")
            client.recv(1)
        except ConnectionError:
            pass


def test_each_refusal_counts_by_listener_and_reason(haproxy: HaProxy) -> None:
    assert refused(2) == {}
    for _ in range(3):
        knock(haproxy)
    until(lambda: refused(2) == {("line-two", "rate"): 3})
    watched = Refusals()
    watched.look(2)
    assert watched.metrics() == {'refused_total{listener="line-two",why="rate"}': 3}


def test_a_haproxy_that_does_not_answer_has_no_counts(haproxy: HaProxy) -> None:
    knock(haproxy)
    watched = Refusals()
    watched.look(2)
    watched._look_at = 0
    Path(haproxy.runtime).rename(f"{haproxy.runtime}.away")
    watched.look(2)
    assert watched.metrics() == {}
