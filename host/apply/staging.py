"""A new set, checked before it is in force: in a mount namespace its files lie over the real paths."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from apply.disk import on_disk, put
from apply.file_set import CURRENT, SETTINGS, STATE, File, parse
from apply.services import check, run_whole

PROGRAMS = Path(__file__).parent.parent
# A minute for each check.
SECONDS = 320


def refusal(new: dict[str, File]) -> str:
    """What the set's own checks say against it; nothing when it passes."""
    staged = {path: [file.content.decode(), file.mode, file.owner] for path, file in new.items()}
    # unshare: a mount namespace of its own, which ends with the process.
    command = ["unshare", "--mount", sys.executable, str(PROGRAMS), __name__]
    code, output = run_whole(command, SECONDS, text=json.dumps(staged))
    return output or f"its checks ended with exit code {code}" if code else ""


def main(staged: dict[str, Any]) -> int:
    """Inside the namespace: exit 1 with what the first check that fails printed."""
    new = {path: File(content.encode(), mode, owner) for path, (content, mode, owner) in staged.items()}
    current = parse(Path(CURRENT).read_text()) if os.path.exists(CURRENT) else {}
    changed = {path: new.get(path) for path in new.keys() | current if on_disk(path) != new.get(path)}
    (STATE / "stage").mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "stage", f"{STATE}/stage")
    shadowed: list[str] = []
    for path in sorted(changed):
        folder = os.path.dirname(path)
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        if folder not in shadowed:
            # A memory file system with links to what was there takes files without touching the disk.
            real = STATE / "stage" / str(len(shadowed))
            shadowed.append(folder)
            real.mkdir()
            _mount("--rbind", folder, str(real))
            _mount("-t", "tmpfs", "-o", "mode=755", "stage", folder)
            for name in os.listdir(real):
                os.symlink(real / name, f"{folder}/{name}")
    for path, file in changed.items():
        put(path, file)
    problem = check(json.loads(new[SETTINGS].content)["validate"])
    print(problem)
    return len(problem) and 1


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


if __name__ == "__main__":
    sys.exit(main(json.load(sys.stdin)))
