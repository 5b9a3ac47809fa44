"""Which version of EMQX may follow which, on a host and on a data volume."""

import os
import subprocess
from pathlib import Path

import pytest

from broker import upgrades


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose EMQX is 5.10.1, and whose data volume is a folder."""
    monkeypatch.setattr(upgrades, "NOTE", tmp_path / "version")
    monkeypatch.setattr(upgrades, "JOURNAL", str(tmp_path / "journal.json"))
    monkeypatch.setattr(upgrades, "installed", lambda name: "5.10.1" if name == "emqx-enterprise" else None)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after"),
    [("5.8.0", "5.8.9"), ("5.8.9", "5.8.9"), ("5.9.1", "5.10.0"), ("5.8.9", "6.0.0"), ("6.0.1", "6.2.3")],
)
def test_a_later_one_of_the_known_lines_may(before: str, after: str) -> None:
    assert upgrades.refusal(before, after) == ""


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("5.8.9", "5.8.8", "a downgrade from 5.8.9 to 5.8.8 is not supported by EMQX"),
        ("6.0.0", "5.10.4", "a downgrade"),
        ("5.3.2", "5.8.9", "go to 5.8 first"),
        ("5.8.7", "5.9.0", "the first of its line is 5.9.1"),
        ("6.2.3", "7.0.0", "whether 7.0.0 may follow 6.2.3 is not known here"),
        ("latest", "5.8.9", "latest is no release"),
    ],
)
def test_any_other_is_refused_with_the_reason(
    before: str, after: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrades.main([before, after]) == 1
    assert reason in capsys.readouterr().out


def test_the_patches_before_that_header_may_go_to_the_first_of_a_line() -> None:
    assert upgrades.refusal("5.8.6", "5.9.0") == ""


def test_data_that_a_newer_one_has_had_starts_none(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "version").write_text("6.0.0\n")
    assert upgrades.main(["data"]) == 1
    said = capsys.readouterr().out
    assert "the data is of another version: a downgrade from 6.0.0 to 5.10.1 is not supported" in said


def test_data_of_an_earlier_one_or_of_none_does(host: Path) -> None:
    assert upgrades.main(["data"]) == 0
    (host / "version").write_text("5.9.1\n")
    assert upgrades.main(["data"]) == 0


def test_a_version_is_noted_once_it_cannot_be_taken_back_any_more(host: Path) -> None:
    (host / "journal.json").write_text("[]")
    note = upgrades.Note()
    note.write()
    assert not (host / "version").exists()
    (host / "journal.json").unlink()
    note.write()
    assert (host / "version").read_text() == "5.10.1\n"


def test_one_that_is_taken_back_is_started_by_whoever_does_that(host: Path) -> None:
    (host / "version").write_text("6.0.0\n")
    (host / "journal.json").write_text("[]")
    assert upgrades.main(["data"]) == 0


def test_a_note_is_written_through_no_link_of_emqx_user(host: Path) -> None:
    (host / "victim").write_text("root's\n")
    (host / "version").symlink_to(host / "victim")
    (host / "version.new").symlink_to(host / "victim")
    upgrades.Note().write()
    assert (host / "victim").read_text() == "root's\n"


def test_a_note_that_is_no_plain_file_holds_nobody_up_and_is_told(
    host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(host / "version")
    upgrades.Note().write()
    assert upgrades.main(["data"]) == 1
    assert "which one had it last cannot be read" in capsys.readouterr().out


def test_a_dpkg_that_does_not_answer_is_no_reason_not_to_serve(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(name: str) -> str:
        raise subprocess.TimeoutExpired(name, 60)

    note = upgrades.Note()
    with monkeypatch.context() as patched:
        patched.setattr(upgrades, "installed", silent)
        note.write()
    note.write()
    assert (host / "version").read_text() == "5.10.1\n"
