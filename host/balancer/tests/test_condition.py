"""What a balancer tells of whether it would serve if its peer failed."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_aws import PEER, FakeAws
from haproxy import HaProxy
from pki import Authority
from test_virtual_ip import ELASTIC, PUBLIC, ROUTE, TABLES
from waiting import until

from balancer import condition, expiry, fault, sessions
from balancer.haproxy_socket import ask
from cloud.aws import AwsError


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    made = HaProxy(tmp_path)
    made.backend = "brokers_mqtt"
    with made:
        monkeypatch.setattr(condition, "RUNTIME", made.runtime)
        monkeypatch.setattr(sessions, "MASTER", made.master)
        yield made


@pytest.fixture
def told(haproxy: HaProxy, cloud: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A balancer that is well."""
    for module in (condition, fault):
        monkeypatch.setattr(module, "RUN", tmp_path)
    monkeypatch.setattr(condition, "AWS_SETTINGS", tmp_path / "aws.json")
    monkeypatch.setattr(condition, "LISTS", tmp_path)
    monkeypatch.setattr(condition, "CONFIG", tmp_path / "haproxy.cfg")
    monkeypatch.setattr(expiry, "FOLDER", tmp_path / "certs")
    (tmp_path / "aws.json").write_text(json.dumps({"region": "eu-central-1", "virtualIp": ELASTIC}))
    (tmp_path / "metrics").mkdir()
    (tmp_path / "fault").mkdir()
    for name in ("vip", "watch"):
        (tmp_path / f"metrics/{name}.prom").write_text("")
    for name in ("haproxy", "vip"):
        (tmp_path / f"fault/{name}").write_text("0\n")
    yield tmp_path


def tell(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert condition.main() == 0
    parts: dict[str, Any] = json.loads(capsys.readouterr().out)
    return parts


def test_one_that_is_well(told: Path, haproxy: HaProxy, capsys: pytest.CaptureFixture[str]) -> None:
    until(lambda: all(broker["status"] == "UP" for broker in condition.brokers()))
    parts = tell(capsys)
    assert parts["faults"] == {"told": {"haproxy": "0", "vip": "0"}}
    assert parts["workers"] == {"told": {"former": 0, "formerAllowed": 3, "failedReloads": 0}}
    assert parts["listeners"] == {"told": [{"name": "mqtt", "status": "OPEN", "limited": False}]}
    expected = [f"127.0.0.1:{broker.port}" for broker in haproxy.brokers]
    assert [broker["address"] for broker in parts["brokers"]["told"]] == expected
    assert (parts["brokers"]["told"][0]["listener"], parts["brokers"]["told"][0]["proxied"]) == (
        "mqtt",
        False,
    )
    assert parts["lifetimes"] == {"told": {}}
    assert parts["claim"] == {"told": "allowed"}


def test_what_is_not_well(told: Path, haproxy: HaProxy, capsys: pytest.CaptureFixture[str]) -> None:
    haproxy.connect(3)
    haproxy.reload()
    ask(haproxy.runtime, "disable frontend mqtt")
    (told / "mqtt-allowed.lst").write_text("10.0.0.0/8\n")
    (told / "fault/haproxy").write_text("1\n")
    os.utime(told / "metrics/vip.prom", (0, time.time() - 60))
    parts = tell(capsys)
    assert parts["faults"]["told"]["haproxy"] == "1"
    assert parts["workers"]["told"]["former"] == 1
    assert parts["listeners"]["told"] == [{"name": "mqtt", "status": "PAUSED", "limited": True}]
    assert parts["silentSeconds"]["told"]["vip"] > 50


def test_a_haproxy_that_was_ended_since_it_did_not_answer(
    told: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = told / "hung-ended"
    monkeypatch.setattr(condition, "ENDED", ended)
    assert tell(capsys)["hungSeconds"] == {"told": None}
    ended.touch()
    os.utime(ended, (time.time() - 600, time.time() - 600))
    assert tell(capsys)["hungSeconds"]["told"] >= 600


def test_a_listener_at_the_virtual_ip_alone_is_limited(told: Path, haproxy: HaProxy) -> None:
    config = told / "haproxy.cfg"
    config.write_text(
        "frontend other\n    tcp-request connection reject unless { dst 10.0.0.20 }\n\n"
        "frontend mqtt\n    bind :1883\n    maxconn 9\n"
        "    tcp-request connection reject unless { dst 10.0.0.20 }\n"
    )
    assert [each["limited"] for each in condition.listeners()] == [True]
    config.write_text(config.read_text().replace("frontend mqtt\n", "frontend mqtt\n\nfrontend further\n"))
    assert [each["limited"] for each in condition.listeners()] == [False]


def test_a_haproxy_that_does_not_answer_hides_nothing_else(
    told: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(condition, "RUNTIME", str(told / "nothing.sock"))
    parts = tell(capsys)
    assert "No such file" in parts["listeners"]["failed"]
    assert parts["claim"] == {"told": "allowed"}


@pytest.mark.parametrize("where", [ELASTIC, ROUTE, PUBLIC])
def test_a_rehearsed_claim_moves_nothing(cloud: FakeAws, where: dict[str, Any]) -> None:
    assert condition.rehearse("eu-central-1", where) == "allowed"
    assert cloud.holder == PEER
    assert cloud.routes == {}


@pytest.mark.parametrize(
    ("where", "action", "calls"),
    [
        (ELASTIC, "AssociateAddress", 1),
        (ROUTE, "ReplaceRoute", len(TABLES)),
        (PUBLIC, "AssociateAddress", 1),
    ],
)
def test_a_role_that_may_not_claim(cloud: FakeAws, where: dict[str, Any], action: str, calls: int) -> None:
    cloud.faults[action] = [(403, "UnauthorizedOperation")] * calls * 2
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        condition.rehearse("eu-central-1", where)


def test_from_when_to_when_certificates_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "FOLDER", tmp_path)
    Authority(tmp_path)
    for name, (begin, end) in condition.lifetimes().items():
        assert begin < time.time() < end == expiry.ends((tmp_path / name).read_text())
