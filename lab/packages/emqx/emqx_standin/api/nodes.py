"""/nodes, /cluster, /stats: the cluster as the dashboard shows it."""

from __future__ import annotations

from typing import Any

from .. import layout
from .answers import Answer, Context, Failure, Request, Route


def _nodes(context: Context) -> list[dict[str, Any]]:
    told = context.broker.ask("nodes")
    return [_node(info) for info in told["running"]] + [
        {"node": name, "node_status": "stopped"} for name in told["stopped"]
    ]


def _node(info: dict[str, Any]) -> dict[str, Any]:
    return {
        "node": info["node"],
        "node_status": "running",
        "edition": "Enterprise" if layout.is_enterprise() else "Opensource",
        "version": layout.version(),
        "role": "core",
        "uptime": info["uptime"],
        "otp_release": info["otp_release"],
        "memory_used": info["memory_used"],
        "process_used": info["process_used"],
        "process_available": info["process_available"],
        "connections": info["stats"]["connections.count"],
        "live_connections": info["stats"]["live_connections.count"],
        "cluster_sessions": info["stats"]["cluster_sessions.count"],
    }


def _list(context: Context, request: Request) -> Answer:
    return Answer(200, _nodes(context))


def _one(context: Context, request: Request) -> Answer:
    for node in _nodes(context):
        if node["node"] == request.names["node"]:
            return Answer(200, node)
    raise Failure(404, "NOT_FOUND", "Node not found")


def _cluster(context: Context, request: Request) -> Answer:
    settings = context.configuration.settings
    nodes = context.broker.ask("cluster")["running"]
    return Answer(200, {"name": settings.cluster_name, "nodes": nodes, "self": settings.node_name})


def _stats(context: Context, request: Request) -> Answer:
    return Answer(
        200, [{**info["stats"], "node": info["node"]} for info in context.broker.ask("nodes")["running"]]
    )


ROUTES: list[Route] = [
    ("GET", "/nodes", _list),
    ("GET", "/nodes/{node}", _one),
    ("GET", "/cluster", _cluster),
    ("GET", "/stats", _stats),
]
