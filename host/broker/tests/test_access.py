"""A change of who may connect is in force, or it is said not to be."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_emqx import FakeEmqx

from apply import disk
from apply.file_set import File
from broker import access, emqx_ctl, settings
from broker.access import Teller, main

GOOD = "".join(
    f"load {root} on emqx@10.0.0.1 ok\n" for root in ("authentication", "authorization", "listeners")
)


@pytest.fixture
def emqx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEmqx]:
    made = FakeEmqx(tmp_path)
    made.stand_in(monkeypatch)
    made.desire(app="one-password")
    monkeypatch.setattr(access, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(emqx_ctl, "USER", None)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    prints(made, GOOD)
    yield made
    made.stop()


def prints(emqx: FakeEmqx, output: str, code: int = 0) -> None:
    """What `emqx ctl conf reload` says."""
    (emqx.folder / "said").write_text(output)
    program = emqx.folder / "emqx"
    program.write_text(
        f'#!/bin/sh\necho "$@" >"$(dirname "$0")/told"\ncat "$(dirname "$0")/said"\nexit {code}\n'
    )
    program.chmod(0o755)


def test_a_change_is_loaded_and_users_told(emqx: FakeEmqx) -> None:
    assert main() == 0
    assert (emqx.folder / "told").read_text() == "ctl conf reload --replace\n"
    assert "app" in emqx.users


def test_after_a_restore_emqx_is_told_the_key_that_it_does_not_know(
    emqx: FakeEmqx, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, emqx.key = emqx.key, "emqx-haproxy:that-of-the-backup"

    def reload(*words: str, seconds: float) -> str:
        # EMQX reads the file of keys then.
        emqx.key = key
        return GOOD

    monkeypatch.setattr(access, "emqx_ctl", reload)
    assert main() == 0
    assert "app" in emqx.users


def test_a_reload_without_effect_fails_whatever_its_exit_code(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    prints(emqx, "load authorization on emqx@10.0.0.1 ok\nReason: bad\n")
    assert main() == 1
    assert "Reason: bad" in capsys.readouterr().err
    assert emqx.users == {}


def test_a_reload_without_the_chains_of_listeners_fails(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = "Can't replace the new configurations!\nRoot key: listeners\nReason: bad\n"
    prints(emqx, GOOD.replace("load listeners on emqx@10.0.0.1 ok\n", refused))
    assert main() == 1
    assert "Root key: listeners" in capsys.readouterr().err


def test_what_emqx_shows_of_a_refused_setting_hides_its_secrets(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    (emqx.folder / "access.hocon").write_text(
        'authentication {\n  "1" {\n    secret = "hmac-secret"\n  }\n}\n'
    )
    prints(emqx, "Reason: #{secret => hmac-secret}\n", 1)
    assert main() == 1
    said = capsys.readouterr().err
    assert "hmac-secret" not in said
    assert "Reason: #{secret => ***}" in said


@pytest.mark.parametrize("mended", [True, False])
def test_a_broker_that_lacks_a_link_of_its_chain_is_not_ready(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str], mended: bool
) -> None:
    emqx.expect(["jwt", "password_based:built_in_database"])
    teller = Teller()
    assert not teller.told()
    assert not teller.told()
    assert capsys.readouterr().out.count("instead of") == 1
    emqx.authentication.insert(0, {"mechanism": "jwt", "enable": mended})
    assert teller.told() is mended


def test_rules_from_elsewhere_and_another_answer_without_a_rule_are_found(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.no_match = "allow"
    assert not Teller().told()
    assert "without a rule is allow" in capsys.readouterr().out
    emqx.sources.append({"type": "http", "enable": True})
    assert not Teller().told()
    assert "rules from ['file', 'http']" in capsys.readouterr().out


def test_an_emqx_that_does_not_answer_is_waited_for_only_so_long(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.stop()
    assert main() == 1
    assert "not up within" in capsys.readouterr().err


def reloaded_with(emqx: FakeEmqx, *roots: str) -> str:
    """settings.hocon as it stood while EMQX read it, in a reload that takes these roots too."""
    prints(emqx, GOOD + "".join(f"load {root} on emqx@10.0.0.1 ok\n" for root in roots))
    program = emqx.folder / "emqx"
    copy = 'cp "$(dirname "$0")/settings.hocon" "$(dirname "$0")/read"'
    program.write_text(program.read_text().replace("exit", f"{copy}\nexit"))
    assert main() == 0
    return (emqx.folder / "read").read_text()


def test_a_setting_that_emqx_has_not_taken_fails(emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]) -> None:
    emqx.give_settings(mqtt={"max_inflight": 16})
    assert main() == 1
    assert "EMQX has not taken the change" in capsys.readouterr().err
    reloaded_with(emqx, "mqtt")


def test_a_root_that_is_gone_is_taken_back_and_the_file_left_as_it_is(emqx: FakeEmqx) -> None:
    emqx.give_settings(mqtt={"max_inflight": 16}, rewrite=[{"action": "all"}])
    reloaded_with(emqx, "mqtt", "rewrite")
    emqx.give_settings(alarm={"size_limit": 5})
    read = reloaded_with(emqx, "alarm", "mqtt", "rewrite")
    assert read.endswith("mqtt = {}\nrewrite = []\n")
    assert (emqx.folder / "settings.hocon").read_text() == 'alarm = {"size_limit": 5}\n'
    # Once is enough.
    assert "mqtt" not in reloaded_with(emqx, "alarm")


def test_a_root_that_could_not_be_taken_back_is_tried_again(emqx: FakeEmqx) -> None:
    emqx.give_settings(mqtt={"max_inflight": 16})
    reloaded_with(emqx, "mqtt")
    emqx.give_settings(alarm={"size_limit": 5})
    prints(emqx, GOOD + "load alarm on emqx@10.0.0.1 ok\n")
    assert main() == 1
    assert (emqx.folder / "settings.hocon").read_text() == 'alarm = {"size_limit": 5}\n'
    assert "mqtt = {}" in reloaded_with(emqx, "alarm", "mqtt")


def test_a_full_disk_leaves_the_file_as_it_is(emqx: FakeEmqx, monkeypatch: pytest.MonkeyPatch) -> None:
    emqx.give_settings(mqtt={"max_inflight": 16})
    reloaded_with(emqx, "mqtt")
    emqx.give_settings(alarm={"size_limit": 5})
    written: list[str] = []

    def put(path: str, file: File | None) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)
        disk.put(path, file)

    monkeypatch.setattr(settings, "put", put)
    assert "mqtt = {}" in reloaded_with(emqx, "alarm", "mqtt")
    assert (emqx.folder / "settings.hocon").read_text() == 'alarm = {"size_limit": 5}\n'


def test_what_a_killed_reload_left_in_the_file_is_taken_out_by_the_next(emqx: FakeEmqx) -> None:
    emqx.give_settings(alarm={"size_limit": 5})
    file = emqx.folder / "settings.hocon"
    (emqx.folder / "settings.hocon.kept").write_text(file.read_text())
    file.write_text(file.read_text() + "mqtt = {}\n")
    assert reloaded_with(emqx, "alarm") == file.read_text() == 'alarm = {"size_limit": 5}\n'
    assert not (emqx.folder / "settings.hocon.kept").exists()


def test_answers_of_another_shape_end_no_agent(emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]) -> None:
    emqx.desire()
    emqx.authentication = ["text"]  # type: ignore[list-item]
    assert not Teller().told()
    assert "who may connect: AttributeError" in capsys.readouterr().out


def test_no_other_account_can_hold_a_change_up(emqx: FakeEmqx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "RUN", emqx.folder)
    lock = emqx.folder / "access.lock"
    lock.touch(0o644)
    assert main() == 0
    assert lock.stat().st_mode & 0o777 == 0o600
