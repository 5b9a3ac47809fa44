"""A host without a host: a mount namespace with /etc, /run, /usr/local and /var/lib copied on write."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

PROGRAMS = Path(__file__).parent.parent.parent
FOLDER = "/usr/local/lib/emqx-haproxy"
DRIVER = Path(__file__).with_name("driver.py")
LAYERS = """
set -e
mount -t tmpfs layers /mnt
for folder in etc run usr/local var/lib; do
  mkdir -p /mnt/$folder/new /mnt/$folder/work
  mount -t overlay -o lowerdir=/$folder,upperdir=/mnt/$folder/new,workdir=/mnt/$folder/work layers /$folder
done
echo ready
exec sleep infinity
"""
# Loading a service copies its file: what the service runs can be told from what is on disk.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/systemctl.log
case "$1 $2" in
  is-active*) shift; for unit in "$@"; do echo active; done; exit 0;;
  "reload-or-restart app"|"restart app"|"enable --now")
    [ "$1" = enable ] && [ -e /run/loaded ] && exit 0
    grep -q unloadable /etc/app/app.conf && { echo "app: cannot load" >&2; exit 1; }
    cat /etc/app/*.conf >/run/loaded;;
esac
exit 0
"""


class Machine:
    """Runs apply_config.py as a host would."""

    cloud_port = 0

    def __enter__(self) -> "Machine":
        command = ["unshare", "--mount", "sh", "-c", LAYERS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the tests of apply_config need root"
        for name in ("systemctl", "sysctl", "journalctl"):
            self.write(f"/usr/local/sbin/{name}", SYSTEMCTL if name == "systemctl" else "#!/bin/sh\nexit 0\n")
            self.path(f"/usr/local/sbin/{name}").chmod(0o755)
        for name, text in programs().items():
            self.write(f"{FOLDER}/{name}", text)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def path(self, path: str) -> Path:
        """Where the host's file lies, seen from outside."""
        return Path(f"/proc/{self.process.pid}/root{path}")

    def write(self, path: str, text: str) -> None:
        """Makes a file, parents too."""
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)

    def read(self, path: str) -> str | None:
        """A file's text; None when there is none."""
        return self.path(path).read_text() if self.path(path).exists() else None

    def run(self, *arguments: str, text: str = "", kill_at: int = -1) -> subprocess.CompletedProcess[str]:
        """Runs apply_config.py; `kill_at` N ends it by SIGKILL before its Nth step."""
        command = [
            "nsenter",
            "--mount",
            "--target",
            str(self.process.pid),
            sys.executable,
            str(DRIVER),
            str(self.cloud_port),
        ]
        return subprocess.run(
            [*command, str(kill_at), *arguments], input=text, capture_output=True, text=True, timeout=60
        )

    def calls(self) -> list[str]:
        """What systemctl was asked since the last call of this."""
        log = self.path("/run/systemctl.log")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith("is-active")]


def programs() -> dict[str, str]:
    """What is installed on hosts, by its path below their folder."""
    found = (path for path in sorted(PROGRAMS.rglob("*.py")) if path.name != "conftest.py")
    return {
        str(path.relative_to(PROGRAMS)): path.read_text() for path in found if path.parent.name != "tests"
    }


def file_set(files: dict[str, tuple[str, str]], **settings: object) -> str:
    """A set of (content, change) by path, with apply.json."""
    values = {
        "role": "balancer",
        "validate": [],
        "enable": ["app"],
        "health": ["true"],
        "healthTimeoutSeconds": 1,
    }
    files = {**files, "/etc/emqx-haproxy/apply.json": (json.dumps({**values, **settings}) + "\n", "none")}
    return "".join(
        f"=== {path} mode=0640 owner=root:root change={change}\n{content}"
        for path, (content, change) in files.items()
    )
