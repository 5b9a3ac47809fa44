"""What haproxy-watch costs, and how it does, beside a real HAProxy; the last line that it prints is JSON.

`measure.py WORKERS SESSIONS SECONDS FAILURES RESTARTS`: so many workers of HAProxy, the last of which takes
clients, with so many sessions each, looked at for so long; so many reloads that fail; so many restarts.
"""

import contextlib
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from haproxy import HaProxy
from ports import free_port
from waiting import until
from watcher import Watcher, restart

from balancer import haproxy_reload, sessions
from balancer.haproxy_socket import ask

HOLDER = Path(__file__).with_name("holder.py")
TICKS = os.sysconf("SC_CLK_TCK")
# The product's own, but for former workers: these are to stay.
SETTINGS = {"intervalMs": 100, "answerMs": 500, "drainPerSecond": 100, "oldWorkers": 100}
# As its unit has it.
NICE = -10
# Longer than any restart of HAProxy takes here.
STAYS_SECONDS = 30.0


class Remote:
    """A broker in a process of its own, since one may not have as many descriptors as all need."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = started("accept", str(self.port))

    def stop_listening(self) -> None:
        """Fails its checks; connections stay, as those of a frozen broker do."""
        self.process.send_signal(signal.SIGUSR1)


def started(*words: str) -> subprocess.Popen[str]:
    """Once it is ready."""
    process = subprocess.Popen([sys.executable, str(HOLDER), *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", words
    return process


def of_sessions(workers: int, count: int, seconds: float, failures: int) -> dict[str, object]:
    """What the watcher costs at many sessions, how late it is, and how soon a failed reload is told."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ended:
        haproxy = HaProxy(Path(folder))
        haproxy.timeout = "1h"
        brokers = [Remote() for _ in range(3)]
        haproxy.brokers = brokers  # type: ignore[assignment]
        for broker in brokers:
            ended.callback(broker.process.kill)
        ask_at(haproxy)
        ended.enter_context(haproxy)
        for number in range(workers):
            if number:
                haproxy.reload()
            client = started("connect", f"127.0.1.{number + 1}", str(haproxy.port), str(count))
            ended.callback(client.kill)
            until(lambda: ask(haproxy.runtime, "show info").find(f"CurrConns: {count}") > 0, 60)
        os.nice(NICE)
        watcher = Watcher(haproxy, Path(folder), **SETTINGS)
        os.nice(-NICE)
        ended.callback(watcher.kill)
        until((watcher.run / "metrics/watch.prom").exists, 30)
        found: dict[str, object] = {"sessions": workers * count, "workers": workers}
        found["idle"] = Look(watcher).until(seconds)
        found["failedReloadSeconds"] = [failed_reload(haproxy) for _ in range(failures)]
        ask(haproxy.runtime, "set server brokers/e1 state drain")
        found["draining"] = Look(watcher).until(seconds)
        ask(haproxy.runtime, "set server brokers/e1 state ready")
        freeze = Look(watcher)
        brokers[2].stop_listening()
        # A worker's third, more or less one.
        found["frozen"] = freeze.until(10 * seconds, closed=workers * (count // 3 - 2))
        return found


def ask_at(haproxy: HaProxy) -> None:
    """Where the programs find HAProxy's master."""
    for module in (sessions, haproxy_reload):
        setattr(module, "MASTER", haproxy.master)  # noqa: B010


class Look:
    """At a watcher, from now on: the share of one processor that it takes, and how late its turns were."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.begun, self.used, self.counts = time.monotonic(), self._used(), self._counts()

    def until(self, seconds: float, closed: int | None = None) -> dict[str, float]:
        """For so long, or until it has closed so many sessions of a broker that is down."""
        late = 0.0
        while time.monotonic() < self.begun + seconds:
            # It tells the latest of each second.
            time.sleep(0.2)
            counts = self._counts()
            late = max(late, counts["late_seconds"])
            if closed is not None and counts["closed_down_total"] >= closed:
                break
        took = time.monotonic() - self.begun
        more = {
            name: counts[f"{name}_total"] - self.counts[f"{name}_total"]
            for name in ("closed_drain", "closed_down", "errors")
        }
        share = (self._used() - self.used) / took
        return {"seconds": took, "processorShare": share, "latestSeconds": late, **more}

    def _used(self) -> float:
        fields = Path(f"/proc/{self.watcher.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def _counts(self) -> dict[str, float]:
        text = (self.watcher.run / "metrics/watch.prom").read_text()
        return {
            name: float(value) for name, value in re.findall(r"^emqx_haproxy_watch_(\w+) (\S+)$", text, re.M)
        }


def failed_reload(haproxy: HaProxy) -> float:
    """Of a new listener whose port is taken: how long until that is told."""
    former = (haproxy.folder / "haproxy.cfg").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken, contextlib.redirect_stderr(io.StringIO()):
        port = taken.getsockname()[1]
        frontend = f"frontend ws\n  bind 127.0.0.1:{port}\n  default_backend brokers\n"
        (haproxy.folder / "haproxy.cfg").write_text(former + frontend)
        begun = time.monotonic()
        code = haproxy_reload.main(haproxy.process.pid)
        took = time.monotonic() - begun
    assert code == 1
    (haproxy.folder / "haproxy.cfg").write_text(former)
    return took


def of_restarts(count: int) -> dict[str, object]:
    """How long a fault lasts after restarts at random moments, half of them kills, half reloaded at once."""
    lasted: list[float] = []
    with tempfile.TemporaryDirectory() as folder, HaProxy(Path(folder)) as haproxy:
        ask_at(haproxy)
        watcher = Watcher(haproxy, Path(folder))
        try:
            until(lambda: watcher.says("0"))
            chance = random.Random(1)
            for _ in range(count):
                restart(haproxy, watcher, chance)
                begun = time.monotonic()
                until(lambda: watcher.says("0"), STAYS_SECONDS)
                lasted.append(time.monotonic() - begun)
        finally:
            watcher.kill()
    return {"count": count, "faultSeconds": lasted}


if __name__ == "__main__":
    many, each, long, failures, restarts = (int(word) for word in sys.argv[1:])
    found = {**of_sessions(many, each, long, failures), "restarts": of_restarts(restarts)}
    print(f"\n{json.dumps(found)}")
