"""A real HAProxy on loopback, with its master, and brokers that only keep their connections."""

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType

import pytest
from ports import free_port
from waiting import until

from balancer.haproxy_socket import ask

# Its unit gives it 90.
STOP_SECONDS = 5


class Broker:
    """Accepts and keeps."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.kept: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.kept.append(self.listener.accept()[0])

    def stop_listening(self) -> None:
        """Fails its checks; connections stay, as those of a frozen broker do."""
        # A connection that waits to be accepted would end with the listener.
        until(lambda: not select.select([self.listener], [], [], 0)[0])
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class HaProxy:
    """Of three brokers; its sockets lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime, self.master = str(folder / "admin.sock"), str(folder / "master.sock")
        self.brokers = [Broker() for _ in range(3)]
        self.port = free_port()
        self.clients: list[socket.socket] = []
        self.globals = self.extra = self.frontends = self.rule = self.stick = ""
        self.backend, self.timeout = "brokers", "100s"

    def configure(self) -> None:
        """Writes haproxy.cfg."""
        servers = "\n".join(
            f"  server e{n} 127.0.0.1:{broker.port} check inter 50 fall 1 rise 1"
            for n, broker in enumerate(self.brokers)
        )
        text = f"""global
  stats socket {self.runtime} mode 600 level admin expose-fd listeners
  {self.globals}
defaults
  mode tcp
  timeout connect 1s
  timeout client {self.timeout}
  timeout server {self.timeout}
frontend mqtt
  bind 127.0.0.1:{self.port} {self.extra}
  {self.rule}
  default_backend {self.backend}
{self.frontends}
backend {self.backend}
  balance roundrobin
  {self.stick}
{servers}
"""
        (self.folder / "haproxy.cfg").write_text(text)

    def __enter__(self) -> "HaProxy":
        self.configure()
        self.start()
        return self

    def start(self) -> None:
        """A new master and its worker."""
        command = [
            os.environ.get("HAPROXY", "haproxy"),
            "-W",
            "-S",
            self.master,
            "-f",
            str(self.folder / "haproxy.cfg"),
        ]
        said = self.folder / "stderr"
        with said.open("w") as stderr:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=stderr)
        try:
            until(lambda: Path(self.runtime).exists() and self.workers() == 1, 30)
        except AssertionError:
            pytest.fail(f"HAProxy did not start (exit code {self.process.poll()}): {said.read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self.clients:
            client.close()
        self.stop()

    def stop(self) -> None:
        """As its unit does: a master that is told to end and to reload at once does the latter alone."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """The master and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        self.process.kill()
        for pid in children.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        self.process.wait()

    def connect(self, count: int) -> None:
        """Clients that stay."""
        # Not what the brokers have accepted: checks are among it.
        before = self._served()
        self.clients += [socket.create_connection(("127.0.0.1", self.port)) for _ in range(count)]
        until(lambda: self._served() >= before + count)

    def _served(self) -> int:
        return ask(self.runtime, "show sess").count(" srv=e")

    def reload(self) -> None:
        """Leaves one more former worker."""
        before = self.workers()
        self.process.send_signal(12)
        until(lambda: self.workers() == before + 1)
        until(self._former_workers_stop)

    def workers(self) -> int:
        """Running and former."""
        with contextlib.suppress(OSError):
            return ask(self.master, "show proc").count(" worker ")
        return 0

    def _former_workers_stop(self) -> bool:
        # Until then they may still accept a connection.
        _, _, former = ask(self.master, "show proc").partition("# old workers")
        pids = re.findall(r"^(\d+)\s+worker", former, re.M)
        return len(pids) == self.workers() - 1 and all(
            "Stopping: 1" in ask(self.master, f"@!{pid} show info") for pid in pids
        )

    def open_clients(self) -> int:
        """Those that HAProxy has not closed."""
        return sum(_is_open(client) for client in self.clients)


def _is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
