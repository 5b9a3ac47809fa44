"""The cluster as EMQX on this host sees it, and as it was planned."""

import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from broker.emqx_ctl import emqx_ctl

SEEDS = Path("/etc/emqx-haproxy/seeds.env")


@dataclass(frozen=True)
class Members:
    """Node names."""

    running: frozenset[str]
    stopped: frozenset[str]


def members() -> Members | None:
    """Who is in this node's cluster, itself too; None where EMQX does not say."""
    try:
        output = emqx_ctl("cluster", "status", "--json")
        status = json.loads(output[output.index("{") : output.rindex("}") + 1])
        return Members(frozenset(status["running_nodes"]), frozenset(status["stopped_nodes"]))
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError) as reason:
        print(f"emqx ctl cluster status: {reason!r}", flush=True)
        return None


def planned() -> frozenset[str]:
    """The nodes that this host's file set names; none where it names no seeds."""
    if not SEEDS.exists():
        return frozenset()
    variables = dict(word.split("=", 1) for word in shlex.split(SEEDS.read_text()))
    return frozenset(json.loads(variables["EMQX_CLUSTER__STATIC__SEEDS"]))
