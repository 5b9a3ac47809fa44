"""The dashboard's password and the API keys follow the arguments."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_emqx import FakeEmqx

from broker import administration
from broker.access import Teller
from broker.administration import administer
from broker.emqx_api import ApiError


@pytest.fixture
def emqx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEmqx]:
    made = FakeEmqx(tmp_path)
    made.stand_in(monkeypatch)
    made.desire()

    def emqx_ctl(*words: str) -> str:
        made.asked.append(" ".join(words))
        if words[1] == "add" or words[2] in made.admins:
            made.admins[words[2]] = words[3]
        return ""

    monkeypatch.setattr(administration, "emqx_ctl", emqx_ctl)
    yield made
    made.stop()


def test_a_password_that_holds_is_left_alone(emqx: FakeEmqx) -> None:
    administer()
    assert not [asked for asked in emqx.asked if asked.startswith("admins")]


@pytest.mark.parametrize("removed", [False, True])
def test_a_changed_password_holds_and_stands_on_no_command_line(emqx: FakeEmqx, removed: bool) -> None:
    if removed:
        emqx.admins.clear()
    emqx.give_password("second-password-2")
    administer()
    assert emqx.admins == {"admin": "second-password-2"}
    assert not [asked for asked in emqx.asked if "second-password-2" in asked]


def test_a_password_that_emqx_does_not_take_is_an_error(emqx: FakeEmqx) -> None:
    emqx.give_password("second-password-2")
    emqx.refuses = "/api/v5/users/admin"
    with pytest.raises(ApiError, match="500"):
        administer()


def test_keys_that_are_no_longer_named_are_removed_and_those_of_others_stay(emqx: FakeEmqx) -> None:
    emqx.keys["made in the dashboard"] = "0123456789abcdef"
    emqx.give_keys("first:secret", "second:secret:viewer")
    administer()
    assert {"first", "second"} <= set(emqx.keys.values())
    emqx.give_keys("second:secret")
    administer()
    assert set(emqx.keys.values()) == {"emqx-haproxy", "second", "0123456789abcdef"}
    assert (os.stat(emqx.folder / "our-keys").st_mode & 0o777) == 0o600


def test_a_key_that_emqx_has_not_taken_is_an_error(emqx: FakeEmqx) -> None:
    (emqx.folder / "api-keys").write_text(f"{emqx.key}\nlate:secret\n")
    with pytest.raises(ApiError, match="has not taken the API keys late"):
        administer()


def test_clients_do_not_wait_for_the_dashboard(emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]) -> None:
    emqx.refuses = "/api/v5/login"
    assert Teller().told()
    assert "who administers EMQX" in capsys.readouterr().out
