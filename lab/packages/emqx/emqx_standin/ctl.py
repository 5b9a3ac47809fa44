"""`emqx ctl`: the commands that the product and its tests use, with EMQX's own output and exit codes.

EMQX ends such a command with 0 only where the function behind it returned `ok`. One that prints a list does
not, and one that prints an error does: each command here says which.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import layout
from .api.accounts import check_password
from .client_view import line as client_line
from .control import Broker, NotRunning, Refused
from .judgement import BadBootConfiguration, BadConfiguration, judged

_USAGE = """\
Usage: emqx ctl
status                        # Show broker status
broker                        # Show broker version, uptime and description
broker stats                  # Show broker statistics of clients, topics, subscribers
cluster join <Node>           # Join the cluster
cluster leave                 # Leave the cluster
cluster force-leave <Node>    # Force the node leave from cluster
cluster status [--json]       # Cluster status
clients list                  # List all clients
clients show <ClientId>       # Show a client
clients kick <ClientId>       # Kick out a client
listeners                     # List listeners
admins add <Username> <Password> <Description> # Add dashboard user
admins passwd <Username> <Password>            # Reset dashboard user password
admins del <Username>                          # Delete dashboard user
conf reload --replace|--merge        # reload etc/emqx.conf on local node
conf show_keys                       # print all the currently used configuration keys.
conf show [<key>]                    # Print in-use configs (including default values) under the given key.
conf load --replace|--merge <path>   # Load a HOCON format config file.
conf cluster_sync status             # Show cluster config sync status summary for all nodes.
data import <File>                   # Import data from the specified tar archive file
data export [--root-keys key1,key2,key3] [--table-sets set1,set2,set3] [--dir out_dir] # Export data
"""

_LICENSE_USAGE = """\
license info                  # Show license info
license update '<License>'|'file:///tmp/emqx.lic' # Update the license, by its key or a file with it
"""

_RED = "\x1b[31m{}\x1b[0m"


def run(arguments: list[str]) -> int:
    """Carries out one command; the exit status."""
    broker = Broker(layout.CONTROL_SOCKET)
    try:
        # EMQX's script pings the node before anything else.
        broker.ask("self")
    except NotRunning:
        return _not_running()
    ctl = Ctl(broker, Broker(layout.COMPANION_SOCKET))
    try:
        return ctl.carry_out(arguments)
    except NotRunning as error:
        print(f"RPC to the node failed: {error}")
        return 1


def _not_running() -> int:
    """EMQX's script finds a running node by its command line, and else what it would be in emqx.conf, where a
    cookie that only the unit knows is missing."""
    try:
        name = judged(os.environ).node_name
    except BadBootConfiguration as failure:
        failure.print()
        return failure.status
    except BadConfiguration:
        name = "emqx@127.0.0.1"
    print(f"Node {name!r} not responding to pings.", file=sys.stderr)
    return 1


class Ctl:
    """One method per command; each prints and gives the exit status."""

    def __init__(self, broker: Broker, companion: Broker) -> None:
        self._broker = broker
        self._companion = companion

    def carry_out(self, arguments: list[str]) -> int:
        """The command that these words are."""
        match arguments:
            case ["status"]:
                return self.status()
            case ["broker"]:
                return self.broker()
            case ["broker", "stats"]:
                return self.broker_stats()
            case ["cluster", *rest]:
                return self.cluster(rest)
            case ["clients", *rest]:
                return self.clients(rest)
            case ["listeners"]:
                return self.listeners()
            case ["admins", *rest]:
                return self.admins(rest)
            case ["conf", *rest]:
                return self.conf(rest)
            case ["data", *rest]:
                return self.data(rest)
            case ["license", *rest] if layout.is_enterprise():
                return self.license(rest)
            case []:
                print(_USAGE, end="")
                return 0
            case [("help" | "broker" | "status" | "listeners"), *_]:
                print(_USAGE, end="")
                return 0
            case _:
                print(_USAGE, end="")
                return 1

    def status(self) -> int:
        own = self._broker.ask("self")
        state = "started" if own["state"] == "running" else "starting"
        print(f"Node '{own['node']}' {layout.version()} is {state}")
        return 0

    def broker(self) -> int:
        uptime = _duration(self._broker.ask("self")["uptime"] // 1000)
        now = datetime.now().astimezone().isoformat()
        for name, value in (
            ("sysdescr", "EMQX Enterprise" if layout.is_enterprise() else "EMQX"),
            ("version", layout.version()),
            ("datetime", now),
            ("uptime", uptime),
        ):
            print(f"{name:<10}: {value}")
        return 0

    def broker_stats(self) -> int:
        for name, value in sorted(self._broker.ask("stats").items()):
            print(f"{name:<30}: {value}")
        return 1

    def cluster(self, words: list[str]) -> int:
        match words:
            case ["status"]:
                print(self._broker.ask("cluster")["text"])
            case ["status", "--json"]:
                print(self._broker.ask("cluster")["json"])
            case ["join", node]:
                self._change("join", "Failed to join the cluster: {}", "Join the cluster successfully.", node)
            case ["leave"]:
                own = self._broker.ask("self")["node"]
                print(
                    f"Automatic cluster discovery is disabled on this node: '{own}' to avoid re-joining the"
                    " same cluster again, if the node is not stopped soon. To enable it run:"
                    " 'emqx ctl cluster discovery enable' or restart the node."
                )
                self._change("leave", "Failed to leave the cluster: {}", "Leave the cluster successfully.")
            case ["force-leave", node]:
                failed = "Failed to remove the node from cluster: {}"
                self._change("force-leave", failed, "Remove the node from cluster successfully.", node)
            case _:
                print(_USAGE, end="")
        return 0

    def _change(self, command: str, failed: str, done: str, *arguments: str) -> None:
        try:
            answer = self._broker.ask(command, *arguments, timeout_seconds=120)
        except Refused as refusal:
            print(failed.format(refusal))
            return
        if answer.get("ignored"):
            print("Ignore.")
            return
        print(done)
        self.cluster(["status"])

    def clients(self, words: list[str]) -> int:
        match words:
            case ["list"]:
                clients = self._broker.ask("clients")
                for client in clients:
                    print(client_line(client))
                if not clients:
                    print("No clients.")
                return 1 if clients else 0
            case ["show", wanted]:
                found = [client for client in self._broker.ask("clients") if client["clientid"] == wanted]
                print(client_line(found[0]) if found else "Not Found.")
            case ["kick", wanted]:
                self._broker.ask("kick", wanted)
                print("ok")
            case _:
                print(_USAGE, end="")
        return 0

    def listeners(self) -> int:
        opened = {listener["name"]: listener for listener in self._broker.ask("listeners")}
        for listener in self._companion.ask("listeners"):
            print(listener["name"])
            running = opened.get(listener["name"])
            for label, value in (
                ("listen_on", listener["bind"]),
                ("acceptors", listener["acceptors"]),
                ("proxy_protocol", str(listener["proxy_protocol"]).lower()),
                ("enbale", str(listener["enable"]).lower()),
                ("running", str(running is not None).lower()),
                *_counts(running),
            ):
                print(f"  {label:<16}: {value}")
        return 0

    def admins(self, words: list[str]) -> int:
        match words:
            case ["add", username, password, *description]:
                wrong = check_password(password)
                told = [username, password, "administrator", "".join(description)]
                self._admin(wrong, "add", *told)
            case ["passwd", username, password]:
                self._admin(check_password(password), "passwd", username, password)
            case ["del", username]:
                self._admin(None, "del", username)
            case _:
                print(_USAGE, end="")
        return 0

    def _admin(self, wrong: str | None, *arguments: str) -> None:
        try:
            if wrong is not None:
                raise Refused(wrong)
            self._broker.ask("admins", *arguments)
            print("ok")
        except Refused as refusal:
            print(f"Error: {refusal}")

    def conf(self, words: list[str]) -> int:
        match words:
            case ["show_keys", *_]:
                return self._configured("show_keys")
            case ["show", *key]:
                return self._configured("show", *key)
            case ["load", ("--replace" | "--merge") as mode, path]:
                return self._configured("load", mode.removeprefix("--"), os.path.abspath(path))
            case ["load", path]:
                return self._configured("load", "merge", os.path.abspath(path))
            case ["reload", ("--replace" | "--merge") as mode]:
                return self._configured("reload", mode.removeprefix("--"))
            case ["reload"]:
                return self._configured("reload", "merge")
            case ["cluster_sync", "status"]:
                return self._configured("cluster_sync")
            case _:
                print(_USAGE, end="")
                return 0

    def data(self, words: list[str]) -> int:
        """EMQX prints what came of it and ends with 0, unless the command itself breaks down."""
        match words:
            case ["export", *_] | ["import", _]:
                answer: dict[str, Any] = self._companion.ask("data", *words, timeout_seconds=600)
                for line in answer["lines"]:
                    print(line)
                return 0 if answer["ok"] else 1
            case _:
                print(_USAGE, end="")
                return 0

    def license(self, words: list[str]) -> int:
        match words:
            case ["info"]:
                for name, value in self._broker.ask("license", "info"):
                    print(f"{name:<16}: {str(value).lower() if isinstance(value, bool) else value}")
                return 0
            case ["update", key]:
                return self._configured("license", key)
            case _:
                print(_LICENSE_USAGE, end="")
                return 0

    def _configured(self, command: str, *arguments: str) -> int:
        answer: dict[str, Any] = self._companion.ask(command, *arguments, timeout_seconds=120)
        # EMQX prints what is wrong in red.
        shape: Callable[[str], str] = str if answer["ok"] else _RED.format
        for line in answer["lines"]:
            print(shape(line.rstrip("\n")))
        return 0 if answer["ok"] else 1


def _counts(listener: dict[str, Any] | None) -> list[tuple[str, Any]]:
    if listener is None:
        return []
    counts = [("current_conn", listener["connections"]), ("max_conns", listener["max_connections"])]
    if listener["transport"] == "tcp":
        counts.append(("shutdown_count", _ended(listener["ended"])))
    return counts


def _ended(count: int) -> str:
    return f"[{{normal,{count}}}]" if count else "[]"


def _duration(seconds: int) -> str:
    parts: list[str] = []
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size or parts:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return ", ".join([*parts, f"{seconds} seconds"])
