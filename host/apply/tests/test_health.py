"""What a host says of itself."""

import json
import threading
from pathlib import Path

import pytest

import health
from apply import services
from apply.services import check


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host that is well; `active` lists what systemd runs, `wrong` has what its role's own check says."""
    known = 'grep -qx "$unit" "$(dirname "$0")/active"'
    script = f'shift; for unit in "$@"; do {known} && echo active || echo failed; done'
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "active").write_text("haproxy\nvip-agent\n")
    (tmp_path / "wrong").touch()
    own = ["sh", "-c", f"cat {tmp_path}/wrong; test ! -s {tmp_path}/wrong"]
    settings = {"enable": ["haproxy", "vip-agent"], "health": own}
    (tmp_path / "apply.json").write_text(json.dumps(settings))
    monkeypatch.setattr(health, "SETTINGS", str(tmp_path / "apply.json"))
    return tmp_path


def test_a_host_that_is_well() -> None:
    assert health.main([]) == 0


def test_a_service_that_is_down_is_named(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "active").write_text("haproxy\n")
    assert health.main([]) == 1
    assert capsys.readouterr().out == "vip-agent is failed\n"


def test_what_its_role_says_is_wrong_is_told(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "wrong").write_text("not serving\n")
    assert health.main([]) == 1
    assert "not serving" in capsys.readouterr().out


def test_it_may_be_given_time(host: Path) -> None:
    (host / "wrong").write_text("not serving yet\n")
    timer = threading.Timer(0.2, lambda: (host / "wrong").write_text(""))
    timer.start()
    assert health.main(["--wait", "10"]) == 0


def test_what_a_check_prints_need_be_no_text(host: Path) -> None:
    assert "\ufffd is wrong" in check([["sh", "-c", r"printf '\377 is wrong'; exit 1"]])


@pytest.mark.parametrize(
    ("active", "enabled", "rests"),
    [
        ("active", "enabled", False),
        ("active", "static", False),
        ("active", "enabled-runtime", True),
        ("active", "masked-runtime", True),
        ("activating", "enabled", True),
        ("", "", True),
    ],
)
def test_a_unit_in_whichever_state_that_is_not_known_for_good_is_at_rest(
    monkeypatch: pytest.MonkeyPatch, active: str, enabled: str, rests: bool
) -> None:
    said = {"is-active": active, "is-enabled": enabled}
    monkeypatch.setattr(services, "_answer", lambda verb, unit: said[verb])
    assert services.at_rest(["app"]) == ["app"] * rests
