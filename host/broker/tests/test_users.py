"""Users of EMQX's built-in database follow the arguments."""

import os
import stat
from pathlib import Path

import pytest
from fake_emqx import FakeEmqx

from broker.emqx_api import ApiError
from broker.users import tell_users


def test_users_are_made_with_their_passwords(emqx: FakeEmqx) -> None:
    emqx.desire(app="one-password", device="two-password")
    tell_users()
    assert {name: user["password"] for name, user in emqx.users.items()} == {
        "app": "one-password",
        "device": "two-password",
    }


def test_a_changed_password_and_flag_replace_the_former(emqx: FakeEmqx) -> None:
    emqx.desire(app="one-password")
    tell_users()
    emqx.users["app"]["is_superuser"] = True
    emqx.desire(app="another-password")
    tell_users()
    assert emqx.users["app"]["password"] == "another-password"
    assert emqx.users["app"]["is_superuser"] is False


def test_a_user_that_is_no_longer_named_is_removed_and_its_clients_with_it(emqx: FakeEmqx) -> None:
    emqx.desire(app="one-password", device="two-password")
    tell_users()
    emqx.clients = {"c-1": "device", "c-2": "app"}
    emqx.desire(app="one-password")
    tell_users()
    assert emqx.users.keys() == {"app"}
    assert emqx.clients == {"c-2": "app"}


def test_a_user_by_client_id_is_cut_off_by_it(emqx: FakeEmqx) -> None:
    emqx.desire("clientid", device="two-password")
    tell_users()
    emqx.clients = {"device": "whoever", "other": "device"}
    emqx.desire("clientid")
    tell_users()
    assert emqx.clients == {"other": "device"}


def test_users_that_others_made_stay(emqx: FakeEmqx) -> None:
    emqx.users["dashboard-made"] = {"password": "x", "is_superuser": True}
    emqx.desire(app="one-password")
    tell_users()
    emqx.desire()
    tell_users()
    assert emqx.users.keys() == {"dashboard-made"}


def test_a_run_that_was_cut_short_leaves_no_user_behind(emqx: FakeEmqx) -> None:
    emqx.desire(app="one-password", device="two-password")
    emqx.refuses = "/api/v5/authentication/password_based:built_in_database/users/device"
    with pytest.raises(ApiError):
        tell_users()
    assert emqx.users.keys() == {"app"}
    emqx.refuses = ""
    emqx.desire()
    tell_users()
    assert emqx.users == {}


def test_a_user_that_is_still_there_is_an_error(emqx: FakeEmqx, monkeypatch: pytest.MonkeyPatch) -> None:
    emqx.desire(app="one-password")
    tell_users()
    emqx.desire()
    answer = emqx.answer
    monkeypatch.setattr(
        emqx, "answer", lambda method, *rest: (204, None) if method == "DELETE" else answer(method, *rest)
    )
    with pytest.raises(ApiError, match="the user app is there after it was removed"):
        tell_users()


def test_no_error_shows_what_was_sent(emqx: FakeEmqx) -> None:
    emqx.desire(app="one-password")
    emqx.refuses = "/api/v5/authentication"
    with pytest.raises(ApiError) as refusal:
        tell_users()
    assert "one-password" not in str(refusal.value)
    assert "500 INTERNAL_ERROR" in str(refusal.value)


def test_whose_users_are_ours_is_for_root_alone_and_follows_no_link(emqx: FakeEmqx, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    # EMQX owns the folder: what it leaves there must not lead root elsewhere.
    os.symlink(victim, tmp_path / "ours.new")
    emqx.desire(app="one-password")
    tell_users()
    assert victim.read_text() == "untouched"
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o600
    (tmp_path / "ours").unlink()
    os.symlink(victim, tmp_path / "ours")
    with pytest.raises(OSError):
        tell_users()
