"""Imports a backup into this broker's cluster: KEY or `latest`; `--over` where it holds data already."""

import argparse
import gzip
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from broker import backups, hocon, upgrades
from broker.backup import BackupError, alone, room
from broker.backups import NotSet, Settings
from broker.cluster import members, planned
from broker.emqx_api import ApiError, call
from broker.emqx_ctl import emqx_ctl
from broker.users import OURS, USERS, read_names
from cloud.aws import AwsError

IMPORT_SECONDS = 1800
CHUNK_BYTES = 1024 * 1024
# More retained messages than EMQX has about itself.
LOOKED_AT = 500


def main(words: list[str]) -> int:
    """Exit 0: imported. What the stack's files say wins again once EMQX is reloaded on each broker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("key")
    parser.add_argument("--over", action="store_true")
    asked = parser.parse_args(words)
    own = backups.settings()
    _whole_cluster()
    if not asked.over and (held := holds()):
        raise BackupError(
            f"the cluster holds {held}: a restore overwrites what the backup has too, and leaves the rest; "
            "say --over where that is meant"
        )
    key, version = _key(own, asked.key), upgrades.here()
    backups.become_emqx()
    with alone(), backups.folder() as folder:
        room(folder)
        archive = folder / key.rsplit("/", 1)[-1]
        with archive.open("w+b") as into:
            size = backups.bucket_of(own).get(key, into)
        made_by = check(archive, version or "")
        print(f"importing s3://{own.bucket}/{key}: {size} bytes, made by EMQX {made_by}", flush=True)
        _import(archive)
    return 0


def holds() -> str:
    """What there is beside what the arguments name; empty of a cluster that is new."""
    ours = read_names(OURS)
    # One more than ours: where there are others, one of them is among these.
    users = {user["user_id"] for user in _listed(f"{USERS}?page=1&limit={len(ours) + 1}")}
    topics = {message["topic"] for message in _listed(f"mqtt/retainer/messages?page=1&limit={LOOKED_AT}")}
    found = {
        "the user": users - ours,
        "a retained message on": {topic for topic in topics if not topic.startswith("$SYS/")},
        "a ban of": {ban["who"] for ban in _listed("banned?page=1&limit=1")},
    }
    return " and ".join(f"{what} {min(names)}" for what, names in found.items() if names)


def check(archive: Path, version: str) -> str:
    """The version that made it; raises for what EMQX would refuse, before it is asked."""
    name = archive.name.removesuffix(".tar.gz")
    try:
        with gzip.open(archive) as whole:
            while whole.read(CHUNK_BYTES):
                pass
        with tarfile.open(archive, "r:gz") as tar:
            inside = tar.getnames()
            found = tar.extractfile(f"{name}/META.hocon") if f"{name}/META.hocon" in inside else None
            meta = hocon.parse(found.read().decode()) if found is not None else {}
    except (tarfile.TarError, OSError, EOFError, ValueError) as reason:
        raise BackupError(f"{archive.name} is no archive of EMQX's: {reason}") from reason
    made_by = upgrades.parsed(str(meta.get("version")))
    if made_by is None or any(each.split("/")[0] != name for each in inside):
        raise BackupError(f"{archive.name} is nothing that `emqx ctl data export` made under that name")
    here = upgrades.parsed(version)
    if here is not None and made_by[:2] > here[:2]:
        raise BackupError(
            f"the backup is of EMQX {meta['version']}, and {version} takes none of a later line: "
            f"let emqx.version be {meta['version']} or later and run pulumi up"
        )
    return str(meta["version"])


def _whole_cluster() -> None:
    known = members()
    if known is None:
        raise BackupError("EMQX does not run on this broker")
    if away := planned() - known.running:
        nodes = ", ".join(sorted(away))
        raise BackupError(f"{nodes} does not run in the cluster; have all brokers run first")


def _listed(path: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = call("GET", path)["data"]
    except ApiError as refusal:
        # EMQX has no such database, or no retained messages, here.
        if refusal.status not in (400, 404):
            raise
        return []
    return found


def _key(own: Settings, asked: str) -> str:
    found = [each.key for each in backups.backups(own)]
    if asked == "latest" and found:
        return found[-1]
    if asked in found:
        return asked
    if not found:
        raise BackupError(f"s3://{own.bucket}/{own.prefix} has no backups")
    raise BackupError(f"s3://{own.bucket}/{asked} is no backup; the latest is {found[-1]}")


def _import(archive: Path) -> None:
    """By its output: EMQX's exit code says nothing. Its reasons have settings in them: its log has them."""
    begun = time.monotonic()
    output = emqx_ctl("data", "import", str(archive), seconds=IMPORT_SECONDS)
    if re.search(r"^Data has been imported successfully\.$", output, re.M):
        print(f"imported in {time.monotonic() - begun:.0f} s", flush=True)
        return
    if told := re.search(r"^\[error\] Data import failed, reason: (.*)", output, re.M | re.S):
        raise BackupError(f"EMQX refuses it: {' '.join(told[1].split())[:500]}")
    failed = re.findall(
        r"^(?:Failed to import the following (config path: [^,]+)"
        r"|\[error\] Failed to import built-in database (table: [^,]+)),",
        output,
        re.M,
    )
    parts = ", ".join(one or other for one, other in failed) or "what it does not say"
    raise BackupError(f"EMQX has imported all but {parts}; its log says why")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (NotSet, BackupError, AwsError, ApiError, OSError, subprocess.SubprocessError) as problem:
        sys.exit(f"not restored: {problem}")
