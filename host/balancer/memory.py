"""What vip-agent knows, kept in /run: a restart of it is no news about Keepalived, EC2 or the peer."""

import contextlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from balancer.claim import Claim
from residents.reports import RUN, publish

FILE = "vip/state.json"


@dataclass(frozen=True)
class Memory:
    """Times are the kernel's, which all processes since its boot share, as they do /run."""

    role: str = "BACKUP"
    claim: Claim = field(default_factory=Claim)
    claimed_at: float = float("-inf")
    leaving_until: float = 0

    def keep(self) -> None:
        """Until the next boot. A full /run is no reason to stop: the kernel tells the role as well."""
        with contextlib.suppress(OSError):
            publish(FILE, json.dumps(asdict(self)))


def recalled() -> Memory | None:
    """None after a boot, and when what is there makes no sense."""
    try:
        kept: dict[str, Any] = json.loads((RUN / FILE).read_text())
        return Memory(**{**kept, "claim": Claim(**kept["claim"])})
    except (OSError, ValueError, LookupError, TypeError):
        return None
