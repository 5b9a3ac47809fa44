"""Mounts a broker's data volume, `data_volume.py vol-0123...`; formats it only when nothing is on it."""

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
    if blank(device):
        fill(device)
    run("mount", str(device), str(TARGET))
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


def run(*command: str) -> str:
    """Its output; raises with what it printed when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
