"""A data volume, as a loop device. Needs root."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from broker import data_volume

VOLUME = "vol-0123456789abcdef0"


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A blank device attached under EBS's name, and the folder to mount it on, with its own owner."""
    (tmp_path / "disk").touch()
    os.truncate(tmp_path / "disk", 32 << 20)
    loop = subprocess.check_output(["losetup", "--find", "--show", tmp_path / "disk"], text=True).strip()
    monkeypatch.setattr(data_volume, "DEVICES", tmp_path / "by-id")
    monkeypatch.setattr(data_volume, "TARGET", tmp_path / "data")
    (tmp_path / "by-id").mkdir()
    (tmp_path / "data/configs").mkdir(parents=True)
    os.chown(tmp_path / "data", 1234, 1234)
    os.chown(tmp_path / "data/configs", 1234, 1234)
    link = tmp_path / "by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
    link.symlink_to(loop)
    yield link
    subprocess.run(["umount", "--quiet", tmp_path / "data"])
    subprocess.run(["losetup", "--detach", loop], check=True)


def test_a_blank_volume_is_formatted_filled_and_mounted(device: Path, tmp_path: Path) -> None:
    assert data_volume.main(VOLUME) == 0
    data = tmp_path / "data"
    assert data.is_mount()
    assert (data.stat().st_uid, (data / "configs").stat().st_uid) == (1234, 1234)
    assert data_volume.main(VOLUME) == 0, "again, when it is mounted"


def test_what_is_on_a_volume_stays(device: Path, tmp_path: Path) -> None:
    data_volume.main(VOLUME)
    (tmp_path / "data/kept").write_text("kept")
    subprocess.run(["umount", tmp_path / "data"], check=True)
    assert data_volume.main(VOLUME) == 0
    assert (tmp_path / "data/kept").read_text() == "kept"


def test_a_volume_with_anything_else_on_it_is_never_formatted(device: Path, tmp_path: Path) -> None:
    subprocess.run(["mkswap", device], check=True, capture_output=True)
    before = (tmp_path / "disk").read_bytes()
    with pytest.raises(RuntimeError, match="mount"):
        data_volume.main(VOLUME)
    assert (tmp_path / "disk").read_bytes() == before


def mounted_once(tmp_path: Path) -> None:
    """Formats and fills the volume, and lets go of it."""
    data_volume.main(VOLUME)
    subprocess.run(["umount", tmp_path / "data"], check=True)


def test_a_file_system_takes_what_its_volume_has_grown_by(device: Path, tmp_path: Path) -> None:
    mounted_once(tmp_path)
    os.truncate(tmp_path / "disk", 96 << 20)
    subprocess.run(["losetup", "--set-capacity", device.resolve()], check=True)
    assert data_volume.main(VOLUME) == 0
    facts = os.statvfs(tmp_path / "data")
    assert facts.f_blocks * facts.f_frsize > 64 << 20


def test_what_a_crash_left_is_mended_before_it_is_mounted(device: Path, tmp_path: Path) -> None:
    mounted_once(tmp_path)
    subprocess.run(["debugfs", "-w", "-R", "set_super_value state 0", device], check=True)
    assert data_volume.main(VOLUME) == 0
    assert (tmp_path / "data").is_mount()


def test_a_damage_that_takes_a_decision_is_named_and_not_mounted(device: Path, tmp_path: Path) -> None:
    mounted_once(tmp_path)
    for change in ("set_inode_field <2> mode 0", "set_super_value state 2"):
        subprocess.run(["debugfs", "-w", "-R", change, device], check=True)
    with pytest.raises(RuntimeError, match="is damaged; run e2fsck on it"):
        data_volume.main(VOLUME)
    assert not (tmp_path / "data").is_mount()


def test_data_is_given_to_the_account_that_the_image_has_today(device: Path, tmp_path: Path) -> None:
    mounted_once(tmp_path)
    data = tmp_path / "data"
    os.chown(data, 1300, 1301)
    assert data_volume.main(VOLUME) == 0
    for path in (data, data / "configs"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1300, 1301)
    # What mkfs made, and nobody else's.
    assert (data / "lost+found").stat().st_uid == 0


def test_a_volume_that_is_attached_late_is_waited_for(device: Path, tmp_path: Path) -> None:
    away = device.with_name("away")
    device.rename(away)
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(data_volume.main(VOLUME)))
    thread.start()
    away.rename(device)
    thread.join(20)
    until(lambda: done == [0])


def test_a_volume_that_never_comes_is_named(
    device: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device.unlink()
    monkeypatch.setattr(data_volume, "PATIENCE_SECONDS", 0)
    assert data_volume.main(VOLUME) == 1
    assert VOLUME in capsys.readouterr().err
