"""How a file takes the place of another, also where a lesser account has a hand in the folder."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apply.disk import discard, keep, on_disk, prepare, put, restore, swap
from apply.file_set import File

NOBODY = 65534
VICTIM = b"the host's own\n"


@pytest.fixture
def roots() -> Path:
    """A folder whose every parent is root's."""
    folder = Path(os.path.realpath(f"/var/lib/test-disk-{os.getpid()}"))
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def cleared(roots: Path) -> Iterator[None]:
    """Nothing stays."""
    yield
    shutil.rmtree(roots)


@pytest.fixture
def theirs(roots: Path) -> Path:
    """A folder of another account, beside a file of root's."""
    (roots / "victim").write_bytes(VICTIM)
    folder = roots / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    return folder


def file(text: str = "new\n", owner: str = "root:root", mode: int = 0o640) -> File:
    return File(text.encode(), mode, owner)


def test_a_link_that_lies_where_a_file_is_written_first_is_not_followed(theirs: Path) -> None:
    for name in (".app.conf.new", "app.conf"):
        (theirs / name).symlink_to(theirs.parent / "victim")
    put(str(theirs / "app.conf"), file())
    assert (theirs.parent / "victim").read_bytes() == VICTIM
    assert not (theirs / "app.conf").is_symlink()
    assert on_disk(str(theirs / "app.conf")) == file()


def test_a_file_for_another_s_folder_is_written_where_they_cannot_reach_it(theirs: Path) -> None:
    path = str(theirs / "app.conf")
    prepare(path, file())
    assert os.listdir(theirs) == []
    assert (theirs.parent / ".theirs.app.conf.new").read_text() == "new\n"
    swap(path)
    assert os.listdir(theirs) == ["app.conf"]
    assert sorted(os.listdir(theirs.parent)) == ["theirs", "victim"]


def test_a_link_in_place_of_a_folder_is_not_followed(theirs: Path, roots: Path) -> None:
    (roots / "etc").mkdir()
    (theirs / "conf.d").symlink_to(roots / "etc")
    with pytest.raises(NotADirectoryError):
        put(str(theirs / "conf.d/evil"), file())
    assert os.listdir(roots / "etc") == []


def test_a_pipe_in_place_of_a_file_holds_nobody_up(theirs: Path) -> None:
    os.mkfifo(theirs / "app.conf")
    found = on_disk(str(theirs / "app.conf"))
    assert found is not None and found.content == b""


def test_what_could_not_be_written_whole_leaves_nothing(roots: Path) -> None:
    with pytest.raises(LookupError, match="nobody-of-that-name"):
        put(str(roots / "file"), file(owner="nobody-of-that-name:root"))
    assert os.listdir(roots) == []


def test_what_was_kept_comes_back_as_it_was(roots: Path) -> None:
    path, kept = str(roots / "file"), str(roots / "kept/file")
    makes: list[Callable[[], None]] = [
        lambda: put(path, file("old\n", "4711:4712", 0o4751)),
        lambda: os.symlink("victim", path),
    ]
    for make in makes:
        make()
        before = on_disk(path)
        assert before is not None
        keep(path, kept)
        put(path, file())
        restore(kept, path)
        assert on_disk(path) == before
        assert os.listdir(roots / "kept") == []
        os.unlink(path)


def test_what_is_kept_on_another_disk_comes_back_too(roots: Path) -> None:
    (roots / "other").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "other", roots / "other"], check=True)
    path, kept = str(roots / "file"), str(roots / "other/kept/file")
    put(path, file("old\n", "4711:4712", 0o600))
    keep(path, kept)
    put(path, file())
    restore(kept, path)
    assert on_disk(path) == file("old\n", "4711:4712", 0o600)
    assert not os.path.exists(kept)
    subprocess.run(["umount", roots / "other"], check=True)


def test_what_was_prepared_can_be_taken_away(roots: Path) -> None:
    prepare(str(roots / "file"), file())
    discard(str(roots / "file"))
    discard(str(roots / "file"))
    assert os.listdir(roots) == []
