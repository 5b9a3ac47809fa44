"""Brokers that really run: the stand-in's package in the lab's image, each in a root of its own, all in one
network that nobody else sees."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

REPOSITORY = Path(__file__).resolve().parents[4]
COOKIE = "stage-cookie"
PASSWORD = "stage-password-1"
_CLONE_NEWNET = 0x40000000
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

Result = TypeVar("Result")


def image_layers(version: str = "5.8.9") -> list[str]:
    """The layers of the image with the package on it, built when missing."""
    argv = ["npx", "tsx", "lab/packages/emqx/tests/brokerImage.ts", version]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("/")]


@contextmanager
def network_of_its_own() -> Iterator[None]:
    """This thread, and what it starts, sees an empty network with loopback addresses only."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as outside:
        if libc.unshare(_CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(outside.fileno(), _CLONE_NEWNET)


def eventually(check: Callable[[], Result], seconds: float = 30) -> Result:
    """What `check` gives once it gives something true; the last failure when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            result = check()
            if result:
                return result
            failure: Exception = AssertionError(f"still {result!r}")
        except (AssertionError, OSError, ValueError) as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure
        time.sleep(0.1)


@contextmanager
def parted(one: Node, other: Node) -> Iterator[None]:
    """Nothing passes between two nodes, as on a network that drops it; what they are connected by stays."""
    ports = [port for pair in ((one, other), (other, one)) for port in _dialled_from(*pair)]
    assert ports, f"{one.name} and {other.name} are not connected"
    rules = "".join(f"tcp {end} {port} drop\n" for port in ports for end in ("sport", "dport"))
    table = f"table ip parted {{ chain out {{ type filter hook output priority 0\n{rules}}}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=table, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "ip", "parted"], check=True)


def _dialled_from(node: Node, other: Node) -> list[str]:
    """The local ports of a node's own connections to another one's."""
    sockets = ["ss", "-Htnp", "state", "established", f"dst {other.address}:4370"]
    lines = subprocess.run(sockets, capture_output=True, text=True, check=True).stdout.splitlines()
    return [
        line.split()[2].rsplit(":", 1)[1]
        for line in lines
        for process in re.findall(r"pid=(\d+)", line)
        if f"\0{node.name}\0".encode() in Path(f"/proc/{process}/cmdline").read_bytes()
    ]


class Node:
    """One broker's machine; its broker can be started and ended again and again."""

    def __init__(self, folder: Path, layers: list[str], address: str) -> None:
        self.address = address
        self.name = f"emqx@{address}"
        self.environment: dict[str, str] = {"EMQX_DASHBOARD__DEFAULT_PASSWORD": json.dumps(PASSWORD)}
        #: Where the cookie is in the environment alone, `emqx ctl conf reload` does not work.
        self.cookie_line = f'node.cookie = "{COOKIE}"\n'
        self._token = ""
        self._broker: subprocess.Popen[bytes] | None = None
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        self._log = folder / "journal"
        below = ":".join(layers)
        script = (
            f"cd {folder} && mount -t overlay overlay -o lowerdir={below},upperdir=upper,workdir=work root"
            " && mount -t proc proc root/proc && mount --rbind /dev root/dev"
            " && exec chroot root sleep infinity"
        )
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        self._machine = subprocess.Popen([*namespaces, "sh", "-c", script])
        children = Path(f"/proc/{self._machine.pid}/task/{self._machine.pid}/children")
        self._inside = eventually(lambda: int(children.read_text().split()[0] if children.read_text() else 0))
        eventually(lambda: os.readlink(f"/proc/{self._inside}/exe").endswith("sleep"))

    def enter(
        self, *argv: str, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> list[str]:
        variables = {"PATH": _PATH, "HOME": "/root", **(environment or {})}
        group = {"nobody": "nogroup"}.get(user, user)
        become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups"] if user != "root" else []
        given = [f"{key}={value}" for key, value in variables.items()]
        enter = ["nsenter", "--target", str(self._inside), "--mount", "--pid", "--root", "--wd"]
        return [*enter, *become, "env", "-i", *given, *argv]

    def run(
        self, *argv: str, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A program on the machine."""
        command = self.enter(*argv, user=user, environment=environment)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`emqx ctl`, as root."""
        return self.run("emqx", "ctl", *words)

    def write(self, path: str, text: str) -> None:
        """A file on the machine, which everybody may read."""
        done = subprocess.run(
            self.enter("sh", "-c", f"mkdir -p $(dirname {shlex.quote(path)}) && cat >{shlex.quote(path)}"),
            input=text,
            text=True,
            check=False,
        )
        assert done.returncode == 0

    def read(self, path: str) -> str:
        """A file on the machine."""
        return self.run("cat", path).stdout

    def configure(self, text: str = "", seeds: list[str] | None = None, base: str = "") -> None:
        """emqx.conf with a tcp listener `mqtt` on this node's address, then `text`; and base.hocon."""
        cluster = (
            f"cluster.discovery_strategy = static\ncluster.static.seeds = {json.dumps(seeds)}\n"
            if seeds
            else ""
        )
        disabled = "".join(
            f"listeners.{kind}.default.enable = false\n" for kind in ("tcp", "ssl", "ws", "wss")
        )
        self.write(
            "/etc/emqx/emqx.conf",
            f'node {{ name = "{self.name}", data_dir = "/var/lib/emqx", max_ports = 1024 }}\n'
            f"{self.cookie_line}{cluster}{disabled}"
            f'listeners.tcp.mqtt.bind = "{self.address}:1883"\n'
            f'dashboard.listeners.http.bind = "{self.address}:18083"\n{text}',
        )
        self.write("/etc/emqx/base.hocon", base)

    def reconfigure(self, text: str, **more: Any) -> None:
        """Another emqx.conf, in force at once: what it does not say any more is EMQX's default."""
        self.configure(text, **more)
        done = self.ctl("conf", "reload", "--replace")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, wait: bool = True) -> None:
        """The broker, as its unit starts it."""
        environment = {**self.environment, "HOME": "/var/lib/emqx", "EMQX_DEFAULT_LOG_HANDLER": "file"}
        command = self.enter("/bin/bash", "/usr/bin/emqx", "foreground", user="emqx", environment=environment)
        with self._log.open("ab") as log:
            self._broker = subprocess.Popen(command, stdout=log, stderr=log)
        if wait:
            self.await_running()

    def await_running(self) -> None:
        """Until /status says so."""

        def running() -> bool:
            assert self._broker is not None
            assert self._broker.poll() is None, f"the broker ended:\n{self.journal()}"
            return self.status() == 200

        eventually(running, 60)

    def stop(self) -> int:
        """SIGTERM to the broker, as systemd ends it; its exit status."""
        assert self._broker is not None
        self.signal("TERM")
        return self._broker.wait(60)

    def kill(self) -> None:
        """As a power cut ends it."""
        self.signal("KILL")
        if self._broker is not None:
            self._broker.wait(60)

    def signal(self, name: str) -> None:
        """To all that belongs to the broker, as systemd signals a unit."""
        self.run("pkill", f"-{name}", "-u", "emqx")
        if self._broker is not None and name != "STOP":
            # The program that entered the machine stands still when the one inside does.
            self._broker.send_signal(signal.SIGCONT)

    def exit_status(self) -> int | None:
        """None while the broker runs."""
        return None if self._broker is None else self._broker.poll()

    def journal(self) -> str:
        """What the broker has printed, and its log."""
        return self._log.read_text() + self.read("/var/log/emqx/emqx.log")

    def close(self) -> None:
        """Ends the machine with all that runs on it."""
        self._machine.kill()
        self._machine.wait()

    # HTTP

    def http(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text; a body that is no text is sent as JSON."""
        connection = HTTPConnection(self.address, 18083, timeout=30)
        try:
            sent = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
            connection.request(method, path, sent, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def status(self) -> int:
        """Of /status; 0 where nobody listens."""
        try:
            return self.http("GET", "/status")[0]
        except OSError:
            return 0

    def api(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Behind /api/v5, as the dashboard's user; the answer as JSON says it."""
        if not self._token:
            login = {"username": "admin", "password": PASSWORD}
            status, text = self.http("POST", "/api/v5/login", login)
            assert status == 200, text
            self._token = json.loads(text)["token"]
        told = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        status, text = self.http(method, f"/api/v5{path}", body, told)
        if status == 401:
            # A changed password, or a node that begins anew, ends tokens.
            self._token = ""
            return self.api(method, path, body, headers)
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text


def basic(key: str, secret: str) -> dict[str, str]:
    """The header of an API key."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
