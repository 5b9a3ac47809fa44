"""`emqx ctl`: the commands that the product and its tests use, with EMQX's own output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import layout
from .client_view import line as client_line
from .control import Broker, NotRunning, Refused

_USAGE = """\
Usage: emqx ctl
status                        # Show broker status
broker                        # Show broker version, uptime and description
broker stats                  # Show broker statistics of clients, topics, subscribers
cluster status [--json]       # Cluster status
cluster leave                 # Leave the cluster
cluster force-leave <Node>    # Force the node leave from cluster
clients list                  # List all clients
clients show <ClientId>       # Show a client
clients kick <ClientId>       # Kick out a client
listeners                     # List listeners
"""


def run(arguments: list[str]) -> int:
    """Carries out one command; the exit status."""
    ctl = Ctl(Broker(layout.CONTROL_SOCKET))
    commands: dict[tuple[str, ...], Callable[..., None]] = {
        ("status",): ctl.status,
        ("broker",): ctl.broker,
        ("broker", "stats"): ctl.broker_stats,
        ("cluster", "status"): ctl.cluster_status,
        ("cluster", "status", "--json"): ctl.cluster_status_json,
        ("cluster", "leave"): ctl.cluster_leave,
        ("cluster", "force-leave", "<Node>"): ctl.cluster_force_leave,
        ("clients", "list"): ctl.clients_list,
        ("clients", "show", "<ClientId>"): ctl.clients_show,
        ("clients", "kick", "<ClientId>"): ctl.clients_kick,
        ("listeners",): ctl.listeners,
    }
    for pattern, command in commands.items():
        pairs = list(zip(pattern, arguments, strict=False))
        if len(pattern) == len(arguments) and all(
            wanted in (given, "<Node>", "<ClientId>") for wanted, given in pairs
        ):
            return _attempt(command, [given for wanted, given in pairs if wanted.startswith("<")])
    print(_USAGE, end="")
    return 0 if arguments in ([], ["help"]) else 1


def _attempt(command: Callable[..., None], values: list[str]) -> int:
    try:
        command(*values)
    except NotRunning:
        print("Node 'emqx' not responding to pings.", file=sys.stderr)
        return 1
    except Refused as refusal:
        print(refusal)
        return 1
    return 0


class Ctl:
    """One method per command; each prints."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def status(self) -> None:
        node = self._own()["node"]
        state = self._broker.ask("state")["state"]
        print(f"Node '{node}' {layout.version()} is {'started' if state == 'running' else state}")

    def broker(self) -> None:
        uptime = _duration(self._own()["uptime"] // 1000)
        now = datetime.now().astimezone().isoformat()
        for name, value in (
            ("sysdescr", "EMQX"),
            ("version", layout.version()),
            ("datetime", now),
            ("uptime", uptime),
        ):
            print(f"{name:<10}: {value}")

    def broker_stats(self) -> None:
        for name, value in sorted(self._broker.ask("stats").items()):
            print(f"{name:<30}: {value}")

    def cluster_status(self) -> None:
        cluster = self._broker.ask("cluster")
        print(f"Cluster status: #{{running_nodes => {_nodes(cluster['running'])},")
        print(f"                  stopped_nodes => {_nodes(cluster['stopped'])}}}")

    def cluster_status_json(self) -> None:
        cluster = self._broker.ask("cluster")
        print(json.dumps({"stopped_nodes": cluster["stopped"], "running_nodes": cluster["running"]}))

    def cluster_leave(self) -> None:
        node = self._own()["node"]
        self._broker.ask("leave")
        print("Leave the cluster successfully.")
        print(f"Cluster status: #{{running_nodes => {_nodes([node])},stopped_nodes => []}}")

    def cluster_force_leave(self, node: str) -> None:
        try:
            answer = self._broker.ask("force-leave", node)
        except Refused as refusal:
            raise Refused(f"Failed to remove the node from cluster: {refusal}") from refusal
        if answer.get("ignored"):
            print("Ignore.")
            return
        print("Remove the node from cluster successfully.")
        self.cluster_status()

    def clients_list(self) -> None:
        clients = self._broker.ask("clients")
        for client in clients:
            print(client_line(client))
        if not clients:
            print("No clients.")

    def clients_show(self, client_id: str) -> None:
        found = [client for client in self._broker.ask("clients") if client["clientid"] == client_id]
        print(client_line(found[0]) if found else "Not Found.")

    def clients_kick(self, client_id: str) -> None:
        self._broker.ask("kick", client_id)
        print("ok")

    def listeners(self) -> None:
        for listener in self._broker.ask("listeners"):
            print(listener["name"])
            for label, value in (
                ("listen_on", f"{listener['address']}:{listener['port']}"),
                ("acceptors", listener["acceptors"]),
                ("proxy_protocol", str(listener["proxy_protocol"]).lower()),
                ("enable", "true"),
                ("running", "true"),
                ("current_conn", listener["connections"]),
                ("max_conns", listener["max_connections"]),
            ):
                print(f"  {label:<16}: {value}")

    def _own(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._broker.ask("self")
        return answer


def _nodes(names: list[str]) -> str:
    return "[" + ",".join(f"'{name}'" for name in names) + "]"


def _duration(seconds: int) -> str:
    parts: list[str] = []
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size or parts:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return ", ".join([*parts, f"{seconds} seconds"])
