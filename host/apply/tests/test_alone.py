"""One run at a time, and who has it."""

import os
import subprocess
from pathlib import Path

import pytest

from apply import alone as subject
from apply.alone import Busy, alone


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's, in a folder of the test's."""
    monkeypatch.setattr(subject, "STATE", tmp_path)
    monkeypatch.setattr(subject, "LOCK", str(tmp_path / "lock"))
    return tmp_path / "lock"


def test_who_waits_is_told_whose_run_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    with alone("ann from 192.0.2.7"), pytest.raises(Busy) as caught, alone("ben", 0):
        pass
    held = f"UTC (process {os.getpid()}, started by ann from 192.0.2.7)"
    assert held in str(caught.value)
    assert f"{held}; waiting for its end" in capsys.readouterr().err
    with alone("ben", 0):
        pass


def test_a_lesser_account_cannot_hold_up_a_run(lock: Path) -> None:
    # As releases until 0.1.0 left it.
    lock.touch(0o644)
    lock.parent.chmod(0o755)
    with alone("ann", 0):
        assert lock.stat().st_mode & 0o777 == 0o600
    tried = subprocess.run(
        ["flock", "--nonblock", lock, "true"], user=65534, stderr=subprocess.PIPE, text=True
    )
    assert "Permission denied" in tried.stderr


def test_a_child_that_outlives_its_run_holds_nothing() -> None:
    with alone("ann", 0):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with alone("ben", 0):
        pass
    child.kill()
    child.wait()
