"""The backups in the bucket. As a program: prints them as JSON, with what is expected of them."""

import json
import os
import pwd
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from broker import emqx_ctl
from cloud.aws import Aws, AwsError
from cloud.s3 import Bucket, Object

SETTINGS = Path("/etc/emqx-haproxy/backup.json")
AWS_SETTINGS = Path("/etc/emqx-haproxy/aws.json")
# Of its own, so that what lies there may be removed: what the dashboard exported lies beside it.
FOLDER = Path("/var/lib/emqx/backup/emqx-haproxy")


class NotSet(Exception):
    """There are no backups here."""


@dataclass(frozen=True)
class Settings:
    """What this host's file set says of backups."""

    bucket: str
    prefix: str
    every_hours: int
    kms_key: str | None
    region: str
    # When this host was last told otherwise.
    since: float

    def encryption(self) -> dict[str, str]:
        """The headers that ask for it, also of a bucket that would not."""
        if self.kms_key is None:
            return {"x-amz-server-side-encryption": "AES256"}
        return {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": self.kms_key,
        }


def settings() -> Settings:
    """Raises NotSet where `emqx.backup` is not given."""
    if not SETTINGS.exists():
        raise NotSet("this stack has no backups; set emqx.backup and run pulumi up")
    told: dict[str, Any] = json.loads(SETTINGS.read_text())
    return Settings(
        told["bucket"],
        told["prefix"],
        told["everyHours"],
        told.get("kmsKeyArn"),
        json.loads(AWS_SETTINGS.read_text())["region"],
        SETTINGS.stat().st_mtime,
    )


def bucket_of(own: Settings) -> Bucket:
    """The bucket, asked with this host's role."""
    return Bucket(Aws(own.region), own.bucket)


def key_of(own: Settings, moment: float, name: str) -> str:
    """By time, so that a listing is in the order of time; the name stays EMQX's, which it insists on."""
    stamp = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H-%M-%SZ")
    return f"{own.prefix}{stamp}/{name}"


def backups(own: Settings, since: float = 0) -> list[Object]:
    """Oldest first; those that were begun after a moment, or all."""
    after = key_of(own, since, "~") if since else ""
    return [each for each in bucket_of(own).list(own.prefix, after) if each.key.endswith(".tar.gz")]


def become_emqx() -> None:
    """No right more than EMQX has: what is done with its files from here on cannot reach others."""
    if os.geteuid() != 0:
        emqx_ctl.USER = None
        return
    account = pwd.getpwnam("emqx")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    emqx_ctl.USER = None


@contextmanager
def folder() -> Iterator[Path]:
    """Where one archive may lie for a while: empty before and after, whoever was killed in between."""
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    _empty()
    try:
        yield FOLDER
    finally:
        _empty()


def _empty() -> None:
    # Of an export that was cut short EMQX leaves a folder, too.
    for each in FOLDER.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


def main() -> int:
    """`backups`: oldest first; `since`: when this host was told of them; `now`: this host's time."""
    own = settings()
    found = [asdict(each) for each in backups(own)]
    place = {"bucket": own.bucket, "prefix": own.prefix, "everyHours": own.every_hours}
    print(json.dumps({**place, "since": own.since, "now": time.time(), "backups": found}))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NotSet, AwsError, OSError) as reason:
        sys.exit(str(reason))
