"""Backups are made when it is time to, whole, and nothing of them stays on this host's disk."""

import fcntl
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from exports import NAME, Exports
from fake_aws import FakeAws

from broker import backup, backups
from broker.backup import BackupError
from broker.backups import NotSet
from cloud.aws import AwsError

HOUR = 3600.0


@pytest.fixture
def exports(tmp_path: Path, cloud: FakeAws, monkeypatch: pytest.MonkeyPatch) -> Exports:
    made = Exports(tmp_path)
    made.stand_in(monkeypatch, cloud, tmp_path)
    return made


def earlier(hours: float) -> str:
    return backups.key_of(backups.settings(), time.time() - hours * HOUR, f"{NAME}.tar.gz")


def test_a_backup_is_in_the_bucket_encrypted_and_no_longer_on_the_disk(
    exports: Exports, cloud: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.main(["now"]) == 0
    [key] = cloud.s3.objects
    assert re.fullmatch(rf"mqtt/\d{{4}}-\d\d-\d\dT\d\d-\d\d-\d\dZ/{re.escape(NAME)}\.tar\.gz", key)
    assert cloud.s3.headers[key] == {"x-amz-server-side-encryption": "AES256"}
    assert re.search(
        rf"backed up to s3://backups/{re.escape(key)}: \d+ bytes, SHA-256 \w{{64}}", told(capsys)
    )
    assert list(exports.folder.iterdir()) == []


def test_a_key_of_the_account_encrypts_it(exports: Exports, cloud: FakeAws) -> None:
    exports.give(cloud, kmsKeyArn="arn:aws:kms:eu-central-1:123456789012:key/1")
    assert backup.main(["now"]) == 0
    [headers] = cloud.s3.headers.values()
    assert headers == {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-central-1:123456789012:key/1",
    }


@pytest.mark.parametrize(("age_hours", "made"), [(23.0, 0), (23.9, 1), (30.0, 1)])
def test_the_timer_makes_one_when_no_broker_has_for_so_long(
    exports: Exports, cloud: FakeAws, age_hours: float, made: int
) -> None:
    cloud.s3.lay(earlier(age_hours), b"")
    assert backup.main([]) == 0
    assert len(cloud.s3.objects) == 1 + made


def test_the_first_is_made_at_the_first_look(exports: Exports, cloud: FakeAws) -> None:
    assert backup.main([]) == 0
    assert len(cloud.s3.objects) == 1


class Failure(NamedTuple):
    arrange: Callable[[Exports, FakeAws], object]
    error: type[Exception]
    message: str


FAILURES = [
    Failure(
        lambda exports, _: setattr(exports, "says", '[error] Data export failed, reason: "enospc".\n'),
        BackupError,
        "EMQX has exported nothing: .*enospc",
    ),
    Failure(
        lambda exports, _: setattr(exports, "says", "Node 'emqx@10.0.0.1' not responding to pings.\n"),
        BackupError,
        "not responding to pings",
    ),
    Failure(
        lambda _, cloud: cloud.s3.faults.update(PUT=[(403, "AccessDenied")]), AwsError, "AccessDenied: PUT"
    ),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.message)
def test_a_failure_is_told_and_leaves_nothing_behind(
    exports: Exports, cloud: FakeAws, failure: Failure
) -> None:
    failure.arrange(exports, cloud)
    with pytest.raises(failure.error, match=failure.message):
        backup.main(["now"])
    assert cloud.s3.objects == {}
    assert list(exports.folder.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(exports: Exports) -> None:
    (exports.folder / "emqx-export-half" / "mnesia").mkdir(parents=True)
    (exports.folder / "emqx-export-half.tar.gz").write_text("half")
    assert backup.main(["now"]) == 0
    assert list(exports.folder.iterdir()) == []


def test_a_disk_without_room_is_not_filled(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "SPARE_BYTES", 2**60)
    with pytest.raises(BackupError, match=r"MiB left .* emqx\.dataVolumeGib"):
        backup.main(["now"])
    assert exports.asked == []


def test_of_two_runs_at_once_the_second_leaves_it_at_that(exports: Exports) -> None:
    with (exports.folder.parent / "emqx-haproxy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="under way"):
            backup.main(["now"])


def test_a_stack_without_backups_says_how_to_have_some(exports: Exports) -> None:
    backups.SETTINGS.unlink()
    with pytest.raises(NotSet, match=r"emqx\.backup"):
        backup.main(["now"])


def test_what_verify_asks_is_told(
    exports: Exports, cloud: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = earlier(48), earlier(24)
    cloud.s3.lay(first, b"12", 48 * HOUR)
    cloud.s3.lay(second, b"123", 24 * HOUR)
    cloud.s3.lay("mqtt/notes.txt", b"not ours")
    assert backups.main() == 0
    found = json.loads(told(capsys))
    assert [(each["key"], each["size"]) for each in found["backups"]] == [(first, 2), (second, 3)]
    assert (found["everyHours"], found["bucket"], found["prefix"]) == (24, "backups", "mqtt/")
    assert abs(found["now"] - found["backups"][1]["modified"] - 24 * HOUR) < 60


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out
