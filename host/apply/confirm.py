"""What is taken back unless it is confirmed over another connection: `apply_config.py --confirm SHA256`."""

import os
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from apply.alone import alone
from apply.file_set import CURRENT
from apply.outcome import heard, untold
from apply.saying import complain, say

# sshd, addresses, kernel settings; HAProxy and Keepalived of the balancer that others are behind.
WAY_IN = (
    *("/etc/ssh/", "/etc/systemd/system/ssh", "/etc/sysctl.d/", "/etc/nftables", "/etc/network/"),
    *("/etc/netplan/", "/etc/systemd/network/", "/etc/haproxy/haproxy.cfg", "/etc/keepalived/"),
)
# Of hosts that change together: the run on the other one takes some ten seconds, or a minute where it is slow
# to be well. Where it takes longer, this one's set is taken back, and applied anew before it is confirmed.
PATIENCE_SECONDS = 180
# Of a run that waits, and the word that it waits for: of this boot, and root's.
PENDING = Path("/run/emqx-haproxy-pending")
WORD = Path("/run/emqx-haproxy-confirmed")


def is_way_in(paths: Iterable[str]) -> bool:
    """Whether a mistake in these files could keep `pulumi up` out."""
    return any(path.startswith(WAY_IN) for path in paths)


def wait_for_word() -> None:
    """Returns when somebody came in after this was called; raises when nobody did."""
    WORD.unlink(missing_ok=True)
    # Told before, since whoever has started this run goes once it is pending.
    say(f"in force; taken back unless it is confirmed within {PATIENCE_SECONDS} s")
    PENDING.write_text(os.environ.get("UNIT", ""))
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while not WORD.exists():
            if time.monotonic() > deadline:
                raise RuntimeError(f"nobody confirmed it within {PATIENCE_SECONDS} s after it was in force")
            time.sleep(0.2)
    finally:
        PENDING.unlink(missing_ok=True)


def give_word() -> None:
    """This is a connection of its own, made with what is in force now."""
    if PENDING.exists():
        WORD.touch(0o600)


def confirm(digest: str, by: str) -> int:
    """Exit 0 when that set is in force for good, else 1 and how its run ended."""
    give_word()
    with alone(by):
        current = Path(CURRENT).read_bytes() if os.path.exists(CURRENT) else b""
        if sha256(current).hexdigest() == digest:
            heard()
            return 0
        complain(untold() or "another set is in force")
        return 1
