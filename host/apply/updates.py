"""Security updates of the operating system: with a set, so that hosts have them one after the other."""

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from apply import apt
from apply.alone import alone
from apply.disk import put
from apply.file_set import CURRENT, SETTINGS, STATE, File, parse, state_file
from apply.packages import installed, read, settings
from apply.saying import complain, say, told
from apply.services import is_active, systemctl

# The generation that this host has, or was made with.
DONE = f"{STATE}/updates.json"
# Of this boot: a kernel or a library waits for the next, which comes in its turn.
REBOOT = Path("/run/emqx-haproxy-reboot")
WANTED = Path("/run/reboot-required")
BOOT = Path("/boot")
# For sshd to end, and the connection that asked to be told.
REBOOT_SECONDS = 4
# As apt names archives: Debian-Security:13/stable-security, Ubuntu:24.04/noble-security.
INSTALL = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ([^)]*)\)")
SECURITY = re.compile(r"-security\b")


class Updates:
    """Those that a set asks for."""

    def __init__(self) -> None:
        self.due = False
        # Of packages that the set names without a version, the one to have.
        self.newest: dict[str, str] = {}
        self._others: list[str] = []
        self._generation = 0

    def plan(self, files: Mapping[str, File]) -> None:
        """What there is, on this host's disk already; raises where it is not the time for it."""
        own = settings(files).get("security")
        if not own or own["generation"] == _generation():
            return
        if own["window"]:
            _need_window(own["window"]["from"], own["window"]["to"], time.strftime("%H:%M", time.gmtime()))
        self.due, self._generation = True, own["generation"]
        with apt.quiet():
            apt.finish()
        apt.update([])
        named = {package.name: package for package in read(settings(files)["packages"])}
        found = security(apt.would_upgrade())
        # One that a run which was cut off has put in is the newest, too.
        newest = {name: found.get(name) or installed(name) for name in named if not named[name].version}
        self.newest = {name: version for name, version in newest.items() if version}
        self._others = [f"{name}={version}" for name, version in found.items() if name not in named]
        if self._others:
            apt.install(self._others, "--download-only")

    def put_in(self) -> None:
        """They stay, whatever becomes of the set: archives have no former ones."""
        others = [each for each in self._others if installed(each.split("=")[0]) != each.split("=")[1]]
        if others:
            say("updating", *others)
            with apt.quiet():
                apt.finish()
                apt.install(others)
        if self.due and (WANTED.exists() or _has_newer_kernel()):
            REBOOT.touch(0o600)

    def restart(self, units: list[str]) -> None:
        """Services that run what is no more."""
        for unit in [] if REBOOT.exists() else units:
            if _is_stale(unit):
                systemctl("restart", unit)

    def done(self) -> None:
        """Once the host is well with them."""
        if self.due:
            put(DONE, state_file(json.dumps({"generation": self._generation})))


def security(simulated: str) -> dict[str, str]:
    """Of what apt would install, by package the versions that close holes."""
    lines = [line for line in simulated.splitlines() if line.startswith("Inst ")]
    found = [(line, INSTALL.match(line)) for line in lines]
    if strange := [line for line, match in found if match is None]:
        raise ValueError(f"apt-get --simulate says what is not understood here: {strange[0]}")
    return {match[1]: match[2] for _, match in found if match and SECURITY.search(match[3])}


def note_first(files: Mapping[str, File]) -> None:
    """A new host is as its image is: another generation updates it."""
    if own := settings(files).get("security"):
        put(DONE, state_file(json.dumps({"generation": own["generation"]})))


def reboot(by: str) -> int:
    """Where one is due: services end while somebody listens, and nobody comes in before it is over."""
    with alone(by):
        if not REBOOT.exists():
            return 0
        files = parse(Path(CURRENT).read_text())
        units: list[str] = json.loads(files[SETTINGS].content)["enable"]
        listening = [unit for unit in ("ssh.socket", "ssh") if is_active(unit)]
        try:
            for unit in reversed(units):
                systemctl("stop", unit)
            # Before sshd ends, so that whatever ends this leaves a way in or a host that boots.
            later = f"--on-active={REBOOT_SECONDS}"
            subprocess.run(["systemd-run", "--quiet", later, "systemctl", "reboot"], check=True)
        except (RuntimeError, OSError, subprocess.SubprocessError) as reason:
            complain(f"not rebooted, services start again: {told(reason)}")
            for unit in units:
                _start(unit)
            return 1
        REBOOT.unlink(missing_ok=True)
        say("rebooting")
        # Connections that are there last until then, and this one until it is told.
        for unit in listening:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(["systemctl", "stop", unit], capture_output=True, timeout=60)
    return 0


def _start(unit: str) -> None:
    try:
        systemctl("start", unit)
    except (RuntimeError, OSError, subprocess.SubprocessError) as reason:
        complain(told(reason))


def _generation() -> int | None:
    try:
        found = json.loads(Path(DONE).read_text())["generation"]
    except FileNotFoundError:
        return None
    return int(found)


def _need_window(begin: str, end: str, now: str) -> None:
    within = begin <= now < end if begin < end else now >= begin or now < end
    if not within:
        raise ValueError(
            f"it is {now} UTC, and security updates have their window from {begin} to {end}: "
            "run `pulumi up` then, or change updates.window"
        )


def _has_newer_kernel() -> bool:
    running = subprocess.run(["uname", "-r"], capture_output=True, text=True, timeout=60).stdout.strip()
    kernels = [file.name.removeprefix("vmlinuz-") for file in BOOT.glob("vmlinuz-*")]
    return running in kernels and max(kernels, key=_numbers) != running


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _is_stale(unit: str) -> bool:
    shown = ["systemctl", "show", "--property=MainPID", "--value", unit]
    pid = subprocess.run(shown, capture_output=True, text=True, timeout=60).stdout.strip()
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        # It does not run, or is no service that stays.
        return False
    return re.search(r" /(usr|lib)\S* \(deleted\)$", maps, re.M) is not None
