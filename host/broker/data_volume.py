"""Mounts a broker's data volume, `data_volume.py vol-0123...`; formats it only when nothing is on it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

DEVICES = Path("/dev/disk/by-id")
TARGET = Path("/var/lib/emqx")
# The volume is attached by a resource of its own, after the boot has begun.
PATIENCE_SECONDS = 280


def main(volume_id: str) -> int:
    """Exit 0 when the volume is mounted."""
    if TARGET.is_mount():
        return 0
    device = DEVICES / f"nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not device.exists():
        if time.monotonic() > deadline:
            print(
                f"{device} did not appear in {PATIENCE_SECONDS} s: is {volume_id} attached?", file=sys.stderr
            )
            return 1
        time.sleep(0.5)
    TARGET.mkdir(parents=True, exist_ok=True)
    owner = TARGET.stat()
    if blank(device):
        fill(device)
    if run("blkid", "--output", "value", "--match-tag", "TYPE", str(device)).strip() == "ext4":
        mend(device)
        grow(device)
    run("mount", str(device), str(TARGET))
    adopt(owner)
    return 0


def blank(device: Path) -> bool:
    """No file system, no partition table, no other signature."""
    return run("wipefs", "--no-act", "--noheadings", str(device)).strip() == ""


def fill(device: Path) -> None:
    """Makes the file system with what the package put into the folder, owners kept."""
    print(f"{device} is blank: making an ext4 file system", flush=True)
    owner = TARGET.stat()
    root = f"root_owner={owner.st_uid}:{owner.st_gid}"
    run("mkfs.ext4", "-q", "-d", str(TARGET), "-E", root, str(device))


def mend(device: Path, *flags: str) -> None:
    """What a crash left half-written; damage that takes a decision is left, and nothing is mounted."""
    done = subprocess.run(["e2fsck", "-p", *flags, str(device)], capture_output=True, text=True)
    print(done.stdout.strip(), flush=True)
    # 1: mended, 2: the same, of a mounted one.
    if done.returncode & ~3:
        raise RuntimeError(
            f"{device} is damaged; run e2fsck on it: {done.stdout.strip()} {done.stderr.strip()}"
        )


def grow(device: Path) -> None:
    """Takes what the volume has grown by while this host was off."""
    facts = dict(re.findall(r"^(Block count|Block size): +(\d+)$", run("dumpe2fs", "-h", str(device)), re.M))
    taken = int(facts["Block count"]) * int(facts["Block size"])
    # Less than a mebibyte is what the last block leaves.
    if int(run("blockdev", "--getsize64", str(device))) - taken >= 1 << 20:
        mend(device, "-f")
        run("resize2fs", str(device))


def adopt(owner: os.stat_result) -> None:
    """Gives the data to today's account: another image may have numbered it otherwise."""
    former = TARGET.stat()
    for was, now, sign in ((former.st_uid, owner.st_uid, ""), (former.st_gid, owner.st_gid, ":")):
        if was != now:
            print(f"the data is of {sign}{was}, which is {sign}{now} today", flush=True)
            numbers = [f"--from={sign}{was}", f"{sign}{now}"]
            run("chown", "--recursive", "--no-dereference", *numbers, str(TARGET))


def run(*command: str) -> str:
    """Its output; raises with what it printed when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
