"""Exit 1 where the node cookie of the set would part a running broker from the others."""

import subprocess
import sys
from pathlib import Path

from broker import cluster, hocon

NODE = Path("/etc/emqx-haproxy/secrets/node.hocon")
WORD = "-setcookie"


def main() -> int:
    """Compares the file with what EMQX runs with."""
    running = cookie_of(main_pid())
    if running is None or len(cluster.planned()) < 2:
        return 0
    if hocon.parse(NODE.read_text())["node"]["cookie"] == running:
        return 0
    print(
        "emqx.cookie is another one than the running cluster's: a broker with it would find no other and "
        "wait for them without end. It cannot be changed broker by broker; docs/rotation.md says how it is"
    )
    return 1


def main_pid() -> str:
    """EMQX's process; 0 where none is."""
    shown = ["systemctl", "show", "--property=MainPID", "--value", "emqx"]
    return subprocess.run(shown, capture_output=True, text=True, timeout=30).stdout.strip()


def cookie_of(pid: str) -> str | None:
    """What a node was started with; None where that is not to be seen."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return None
    return words[words.index(WORD) + 1] if WORD in words else None


if __name__ == "__main__":
    sys.exit(main())
