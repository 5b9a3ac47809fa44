"""A host without a host: a mount namespace with all of this one copied on write."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

PROGRAMS = Path(__file__).parent.parent.parent
FOLDER = "/usr/local/lib/emqx-haproxy"
ALONE, ASKED = "/run/alone", "/run/asked"
# One disk for all, as on a host. What else this suite is on (a mounted folder) is seen through.
LAYERS = """
set -e
mount -t tmpfs layers /mnt
mkdir /mnt/new /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/new,workdir=/mnt/work layers /mnt/root
for folder in /proc /sys /dev "$@"; do
  mkdir -p "/mnt/root$folder"
  mount --rbind "$folder" "/mnt/root$folder"
done
mkdir -p /mnt/root/run
exec chroot /mnt/root sh -c 'echo ready; exec sleep infinity'
"""


class Machine:
    """Runs apply_config.py as a host would."""

    cloud_port = 0

    def __enter__(self) -> "Machine":
        elsewhere = [
            str(path)
            for path in (PROGRAMS, Path(sys.prefix))
            if path.stat().st_dev != Path("/").stat().st_dev
        ]
        command = ["unshare", "--mount", "sh", "-c", LAYERS, "sh", *elsewhere]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the tests of apply_config need root"
        self.program("/usr/local/sbin/systemctl", Path(__file__).with_name("systemctl").read_text())
        self.program("/usr/local/sbin/systemd-run", Path(__file__).with_name("systemd-run").read_text())
        for name in ("sysctl", "journalctl"):
            self.program(f"/usr/local/sbin/{name}", "#!/bin/sh\nexit 0\n")
        for kind in ("loaded", "running", "enabled"):
            self.path(f"/run/units/{kind}").mkdir(parents=True)
        self.packages("app", "ssh", "systemd-journald")
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

    def program(self, path: str, text: str) -> None:
        """Makes a file that can be run."""
        self.write(path, text)
        self.path(path).chmod(0o755)

    def packages(self, *units: str) -> None:
        """The units that packages have brought."""
        self.write("/run/vendor-units", "".join(f"{unit}\n" for unit in units))

    def read(self, path: str) -> str | None:
        """A file's text; None when there is none."""
        return self.path(path).read_text() if self.path(path).exists() else None

    def units(self, kind: str) -> set[str]:
        """Those that are `running` or `enabled`."""
        return {file.name for file in self.path(f"/run/units/{kind}").iterdir()}

    def run(self, *arguments: str, text: str = "", kill_at: int = -1) -> subprocess.CompletedProcess[str]:
        """Runs apply_config.py; `kill_at` N ends it by SIGKILL before its Nth step."""
        return self.command(
            sys.executable, f"{FOLDER}/apply_config.py", *arguments, text=text, kill_at=kill_at
        )

    def command(self, *words: str, text: str = "", kill_at: int = -1) -> subprocess.CompletedProcess[str]:
        """Runs a command; `kill_at` is for the first Python program in it."""
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": str(Path(__file__).with_name("interference")),
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILL_AT": str(kill_at),
            **({"CLOUD_PORT": str(self.cloud_port)} if self.cloud_port else {}),
        }
        enter = ["nsenter", "--mount", "--root", "--wd", "--target", str(self.process.pid), *words]
        return subprocess.run(enter, input=text, capture_output=True, text=True, timeout=60, env=environment)

    def calls(self) -> list[str]:
        """What systemctl was asked to do since the last call of this."""
        log = self.path("/run/systemctl.log")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith(("is-", "cat", "show"))]


def programs() -> dict[str, str]:
    """What is installed on hosts, by its path below their folder."""
    found = (path for path in sorted(PROGRAMS.rglob("*.py")) if path.name != "conftest.py")
    return {
        str(path.relative_to(PROGRAMS)): path.read_text()
        for path in found
        if "tests" not in path.relative_to(PROGRAMS).parts
    }


def asking(unit: str) -> dict[str, list[str]]:
    """What a set asks before the unit is restarted: it cannot be spared while the host has the file ALONE."""
    return {unit: ["sh", "-c", f"echo >>{ASKED}; test ! -e {ALONE} || {{ echo other is away; exit 1; }}"]}


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
