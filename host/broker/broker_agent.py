"""Resident on a broker: answers HAProxy's agent checks. `drain --timeout N`, at EMQX's stop, empties it."""

import argparse
import contextlib
import http.client
import json
import re
import socketserver
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broker.access import Teller
from broker.cluster import members, planned
from broker.emqx_ctl import emqx_ctl
from broker.outage import Outage
from broker.upgrades import Note
from residents.left import LEFT
from residents.reports import RUN, metrics, publish, tell_systemd

SETTINGS = Path("/etc/emqx-haproxy/agent.json")
STATUS = "http://127.0.0.1:18083/status"
# Set while EMQX is being stopped; its unit takes it away before the next start.
DRAIN = RUN / "drain"
# Which run of EMQX has joined its cluster and knows whom to let in.
JOINED = RUN / "joined"
INTERVAL_SECONDS = 1
# A broker whose peers are all gone serves alone rather than never.
ALONE_SECONDS = 60


@dataclass(frozen=True)
class Settings:
    """agent.json."""

    port: int
    drain: bool
    weight_percent: int


def main() -> None:
    """The agent, or the drain."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command")
    drain_parser = commands.add_parser("drain", help="tell the balancers to move the clients, and wait")
    drain_parser.add_argument("--timeout", type=float, required=True, help="seconds")
    arguments = parser.parse_args()
    if arguments.command == "drain":
        drain(arguments.timeout)
    else:
        serve()


def serve() -> None:
    """Looks after the broker every second; a check is answered from what was seen last."""
    broker = Broker()
    settings = read_settings()
    seen = SETTINGS.stat().st_mtime_ns
    # HAProxy keeps what it was told last while nobody answers: nobody does before there is something to tell.
    broker.look(time.monotonic())

    class Check(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(f"{answer(settings, broker.joined, DRAIN.exists())}\n".encode())

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("", settings.port), Check) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = ""
        while True:
            if SETTINGS.stat().st_mtime_ns != seen:
                seen, settings = SETTINGS.stat().st_mtime_ns, read_settings()
            now = answer(settings, broker.joined, DRAIN.exists())
            if now != said:
                print(now, flush=True)
                said = now
            metrics(
                "broker",
                {
                    "joined": broker.joined,
                    "draining": "drain" in now,
                    "not_serving_seconds": broker.outage.seconds,
                },
            )
            tell_systemd("READY=1\nWATCHDOG=1")
            time.sleep(INTERVAL_SECONDS)
            broker.look(time.monotonic())


def answer(settings: Settings, joined: bool, stopping: bool) -> str:
    """What an agent check is told; `up` and `ready` take back an earlier `down` and `drain`."""
    if not joined:
        return "down #not in its cluster"
    if settings.drain or stopping:
        return "up drain"
    return f"up ready {settings.weight_percent}%"


def read_settings() -> Settings:
    """From agent.json."""
    own = json.loads(SETTINGS.read_text())
    return Settings(own["port"], own["drain"], own["weightPercent"])


class Broker:
    """EMQX as seen from its own host. Its command line starts an Erlang node: it is asked when it matters."""

    def __init__(self) -> None:
        self.joined = False
        self._running_since: float | None = None
        self._access = Teller()
        self._note = Note()
        self.outage = Outage()

    def look(self, now: float) -> None:
        """Asks whether it runs, and until it has joined, whether it has."""
        runs = running()
        self.outage.look(runs=bool(runs) or run_of_emqx() != "", serves=bool(runs), now=now)
        if runs is None and self._running_since is not None:
            # HAProxy's own checks find a broker that hangs; this is no second opinion.
            return
        if not runs and not (runs is None and self._has_joined()):
            self.joined, self._running_since, self._note = False, None, Note()
            return
        if self._running_since is None:
            self._running_since = now
            self.joined = self._has_joined()
        alone = now - self._running_since
        if not self.joined and is_member(alone) and self._access.told():
            # Without room for it the next agent asks EMQX again.
            with contextlib.suppress(OSError):
                publish(JOINED.name, run_of_emqx())
            self.joined = True
        if self.joined:
            self._note.write()

    @staticmethod
    def _has_joined() -> bool:
        """Whether this very run of EMQX has: a restart of the agent changes nothing in the cluster."""
        try:
            known = JOINED.read_text()
        except OSError:
            return False
        return known != "" and known == run_of_emqx()


def run_of_emqx() -> str:
    """Differs from one run of EMQX to the next; empty when it does not run."""
    asked = ["systemctl", "show", "emqx", "--property=MainPID,ExecMainStartTimestampMonotonic"]
    try:
        shown = subprocess.run(asked, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError) as reason:
        print(f"{' '.join(asked)}: {reason!r}", flush=True)
        return ""
    return "" if re.search(r"^MainPID=0$", shown, re.M) else shown


def running() -> bool | None:
    """EMQX's own word, which is 200 before it has joined its cluster; None where it says nothing of use."""
    try:
        with urllib.request.urlopen(STATUS, timeout=2) as reply:
            return bool(reply.status == 200)
    except urllib.error.HTTPError:
        return False
    except (OSError, http.client.HTTPException, ValueError) as reason:
        cause = getattr(reason, "reason", reason)
        return False if isinstance(cause, ConnectionRefusedError) else None


def is_member(alone_seconds: float) -> bool:
    """Whether its cluster has other members, or need not have."""
    known = members()
    if known is None or not known.running:
        return False
    return len(known.running | known.stopped) > 1 or len(planned()) < 2 or alone_seconds > ALONE_SECONDS


def drain(timeout_seconds: float, wanted: Callable[[], bool] = lambda: True) -> None:
    """Until no client is left, the time is up or nobody wants it any more: without balancers that listen
    nobody goes."""
    if LEFT.exists():
        return
    begun = time.monotonic()
    deadline = begun + timeout_seconds
    DRAIN.parent.mkdir(parents=True, exist_ok=True)
    DRAIN.touch()
    had = left = clients()
    while left != 0 and time.monotonic() < deadline and wanted():
        time.sleep(min(1, max(0, deadline - time.monotonic())))
        left = clients()
        had = left if had is None else had
    with contextlib.suppress(BrokenPipeError):
        print(drained(had, left, time.monotonic() - begun), flush=True)
    # What it was last is told until the next boot: nobody reads the journal of an update that went well.
    metrics("drain", {"clients_left": float("nan") if left is None else left})


def drained(had: int | None, left: int | None, seconds: float) -> str:
    """What became of the clients: None where EMQX does not say."""
    if left == 0:
        return f"drained in {seconds:.0f} s: 0 of {had} clients left"
    count = "an unknown number of clients" if left is None else f"{left} of {had} clients"
    return f"gave up after {seconds:.0f} s: {count} left, whose sessions end with EMQX"


def clients() -> int | None:
    """Connected now; None where EMQX does not say."""
    try:
        found = re.search(r"^live_connections\.count\s*:\s*(\d+)", emqx_ctl("broker", "stats"), re.M)
    except (OSError, subprocess.SubprocessError) as reason:
        print(f"emqx ctl broker stats: {reason!r}", flush=True)
        return None
    return int(found[1]) if found else None


if __name__ == "__main__":
    main()
