"""Prints, as JSON, what decides whether this balancer would serve if its peer failed now."""

import json
import sys
import time
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from balancer import expiry
from balancer.broker_states import QUERY
from balancer.fault import told
from balancer.haproxy_answers import FRONTEND, SERVER, STATISTICS, Misread, statistics
from balancer.haproxy_socket import RUNTIME, ask
from balancer.hung import ENDED
from balancer.sessions import workers
from balancer.settings import settings
from balancer.to_broker import is_encrypted, is_proxied
from balancer.virtual_ip import VirtualIp
from cloud.aws import Aws, AwsError
from residents.reports import RUN

AWS_SETTINGS = Path("/etc/emqx-haproxy/aws.json")
CONFIG, LISTS = Path("/etc/haproxy/haproxy.cfg"), Path("/etc/haproxy/lists")


def main() -> int:
    """Each part by itself: one that cannot be told is told by why."""
    own = json.loads(AWS_SETTINGS.read_text())
    parts: dict[str, Callable[[], Any]] = {
        "faults": lambda: {name: told(name) for name in ("haproxy", "vip")},
        "silentSeconds": silent_seconds,
        "hungSeconds": since_hung,
        "workers": processes,
        "listeners": listeners,
        "brokers": brokers,
        "lifetimes": lifetimes,
        "claim": lambda: rehearse(own["region"], own["virtualIp"]),
    }
    print(json.dumps({name: attempt(part) for name, part in parts.items()}))
    return 0


def attempt(part: Callable[[], Any]) -> dict[str, Any]:
    """What a part tells, or why it does not."""
    try:
        return {"told": part()}
    except (OSError, Misread, AwsError, ValueError, LookupError) as reason:
        return {"failed": str(reason) or type(reason).__name__}


def silent_seconds() -> dict[str, float]:
    """How long the resident programs have reported nothing: what they said last may no longer be so."""
    return {name: time.time() - (RUN / f"metrics/{name}.prom").stat().st_mtime for name in ("vip", "watch")}


def since_hung() -> float | None:
    """How long ago HAProxy was ended since it did not answer."""
    return time.time() - ENDED.stat().st_mtime if ENDED.exists() else None


def processes() -> dict[str, int]:
    """Workers that only finish what they have, how many may do so, and reloads that failed in a row."""
    found = workers()
    return {
        "former": len(found.former),
        "formerAllowed": int(settings()["oldWorkers"]),
        "failedReloads": found.failed_reloads,
    }


def listeners() -> list[dict[str, Any]]:
    """Frontends; `limited` are those that not every address may use, or at the virtual IP alone."""
    elsewhere = at_virtual_ip(CONFIG.read_text())
    return [
        {
            "name": name,
            "status": status,
            "limited": name in elsewhere or (LISTS / f"{name}-allowed.lst").exists(),
        }
        for name, _, kind, status, _ in _rows()
        if kind == FRONTEND and name != STATISTICS
    ]


def at_virtual_ip(config: str) -> set[str]:
    """Frontends that take clients at the virtual IP alone."""
    found: set[str] = set()
    section: list[str] = []
    for line in config.splitlines():
        if line[:1].strip():
            section = line.split()
        elif " reject unless { dst " in line and section[:1] == ["frontend"]:
            found.add(section[1])
    return found


def brokers() -> list[dict[str, Any]]:
    """As HAProxy's checks find them, by listener; `proxied`: whether clients come with a PROXY header;
    `encrypted`: by TLS."""
    config = CONFIG.read_text()
    proxied, encrypted = is_proxied(config), is_encrypted(config)
    return [
        {
            "listener": pool.partition("_")[2],
            "name": name,
            "status": status,
            "address": address,
            "proxied": proxied,
            "encrypted": encrypted,
        }
        for pool, name, kind, status, address in _rows()
        if kind == SERVER and pool.startswith("brokers_")
    ]


def lifetimes() -> dict[str, list[float]]:
    """From when to when that of a file's certificates and lists is valid that ends first, if any ends."""
    found = {path.name: expiry.lifetime(path.read_text()) for path in sorted(expiry.FOLDER.glob("*.pem"))}
    return {name: list(times) for name, times in found.items() if isfinite(times[1])}


def rehearse(region: str, where: dict[str, Any]) -> str:
    """A claim that EC2 judges and does not carry out; raises with what it refuses."""
    address = VirtualIp(Rehearsal(region), where)
    address.claim()
    if address.broken:
        raise AwsError("Broken", "; ".join(f"{table}: {why}" for table, why in address.broken.items()))
    return "allowed"


class Rehearsal(Aws):
    """EC2's judgement of a call."""

    def ec2(self, action: str, **parameters: str) -> Element:
        """Refused as the call itself would be; where it would be done, EC2 says so by an error of its own."""
        try:
            return super().ec2(action, DryRun="true", **parameters)
        except AwsError as reason:
            if reason.code != "DryRunOperation":
                raise
            return Element("rehearsed")


def _rows() -> list[list[str]]:
    return statistics(ask(RUNTIME, QUERY), ("pxname", "svname", "type", "status", "addr"))


if __name__ == "__main__":
    sys.exit(main())
