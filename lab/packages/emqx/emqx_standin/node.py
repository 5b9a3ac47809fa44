"""Runs the broker in the foreground: writes its files, starts Erlang, answers HTTP, and ends it in order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

from . import layout
from .control import Broker, NotRunning, Refused
from .ejabberd_files import ejabberd_yml, erlang_settings
from .http_api import serve
from .settings import ConfigurationError, Settings, load

# What the Erlang side asks for by its exit code: keep in step with emqx_cluster.erl and emqx_control.erl.
_RESTART = 75
_RESTART_EMPTY = 76
_LEFT = 77
_STOP_SECONDS = 60


def foreground() -> int:
    """Runs until the broker is stopped; the exit status."""
    try:
        settings = load(layout.CONFIGURATION, os.environ)
    except ConfigurationError as failure:
        for error in failure.errors:
            print(f"configuration error: {error}", file=sys.stderr)
        print(
            "emqx cannot start: correct /etc/emqx/emqx.conf (checked by: emqx check_config)", file=sys.stderr
        )
        return 1
    for name in settings.unopened:
        print(f"{name} is not opened: the stand-in has no TLS listeners", file=sys.stderr)
    print(f"EMQX {layout.version()} (a stand-in on ejabberd) starts as {settings.node_name}", flush=True)
    return Node(settings).run()


class Node:
    """One Erlang machine after another, until one ends for good."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = settings.data_folder / "mnesia" / settings.node_name
        self._broker = Broker(layout.CONTROL_SOCKET)
        self._machine: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """The exit status for systemd: 0 after a stop that was asked for."""
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, self._on_terminate)
        server = serve(self._settings, self._broker)
        try:
            settings = self._settings
            while not self._stopping:
                status = self._run_machine(settings)
                if status in (_RESTART_EMPTY, _LEFT):
                    shutil.rmtree(self._database, ignore_errors=True)
                if status == _LEFT:
                    # As in EMQX, discovery is off from here to the next start, or the node would join again.
                    settings = replace(settings, seeds=())
                if status not in (_RESTART, _RESTART_EMPTY, _LEFT):
                    return status
            return 0
        finally:
            if server is not None:
                server.shutdown()

    def _run_machine(self, settings: Settings) -> int:
        write_files(settings)
        self._database.mkdir(parents=True, exist_ok=True)
        with subprocess.Popen(command(settings, self._database), env=environment()) as self._machine:
            status = self._machine.wait()
        self._machine = None
        return 128 - status if status < 0 else status

    def _on_terminate(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        try:
            self._broker.ask("stop", timeout_seconds=_STOP_SECONDS)
        except (NotRunning, Refused):
            if self._machine is not None:
                self._machine.terminate()


def stop() -> int:
    """Asks the running broker to end and waits for it; 0 also when none runs."""
    broker = Broker(layout.CONTROL_SOCKET)
    try:
        broker.ask("stop", timeout_seconds=_STOP_SECONDS)
    except NotRunning:
        return 0
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    deadline = time.monotonic() + _STOP_SECONDS
    while broker.state() != "stopped" and time.monotonic() < deadline:
        time.sleep(0.1)
    return 0


def write_files(settings: Settings) -> None:
    """Writes what Erlang and ejabberd read."""
    layout.STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(layout.STATE / "ejabberd.yml", ejabberd_yml(settings))
    _write(layout.STATE / "settings.terms", erlang_settings(settings, settings.seeds, layout.CONTROL_SOCKET))
    # No name is ever looked up: without this, a name server that does not answer delays the start by seconds.
    _write(layout.STATE / "inetrc", "{lookup, [file]}.\n")
    _write(layout.HOME / ".erlang.cookie", settings.cookie, mode=0o400)


def _write(path: Path, content: str, mode: int = 0o600) -> None:
    # A file of its own name first, so that a secret is never readable by others and never half written.
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(content)
    fresh.replace(path)


def command(settings: Settings, database: Path) -> list[str]:
    """The Erlang machine's command line; nothing secret is in it."""
    address = settings.address.split(".")
    interface = "{" + ",".join(address) + "}" if all(part.isdigit() for part in address) else "{0,0,0,0}"
    return [
        "erl",
        "-noinput",
        # Schedulers that spin while idle would cost half a core on a small host.
        *("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"),
        *("-name", settings.node_name),
        # One fixed port for every node, as EMQX has it, and no epmd.
        *("-start_epmd", "false", "-erl_epmd_port", "4370"),
        *("-kernel", "inet_dist_use_interface", interface),
        *("-kernel", "net_ticktime", str(settings.net_tick_seconds), "-kernel", "net_setuptime", "2"),
        *("-kernel", "inetrc", f'"{layout.STATE / "inetrc"}"'),
        *("-mnesia", "dir", f'"{database}"'),
        # The last of them is searched first: ours holds a mended module of ejabberd.
        *("-pa", str(layout.ejabberd_folder() / "ebin"), str(layout.LIBRARY / "ebin")),
        *("-s", "emqx_control", "start"),
    ]


def environment() -> dict[str, str]:
    """The Erlang machine's environment; EMQX's own variables stay out, since one may hold the cookie."""
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(layout.HOME),
        "EMQX_STANDIN_SETTINGS": str(layout.STATE / "settings.terms"),
        "EJABBERD_CONFIG_PATH": str(layout.STATE / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(layout.LOGS / "emqx.log"),
        "ERL_CRASH_DUMP": str(layout.LOGS / "erl_crash.dump"),
        "ERL_LIBS": str(layout.ejabberd_folder().parent),
    }
