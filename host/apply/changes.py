"""What a changed file asks of a running host: none, sysctl, or runtime:, reload:, restart: and a unit."""

from collections.abc import Collection
from pathlib import Path

from haproxy_runtime import load
from revocation import close_revoked
from services import load_kernel_settings, systemctl

EFFORTS = ["runtime", "reload", "restart"]


def carry_out(changes: Collection[tuple[str, str]]) -> None:
    """Does the least that is enough for (path, change) pairs."""
    if any(path.startswith("/etc/systemd/") for path, _ in changes):
        systemctl("daemon-reload")
    if any(change == "sysctl" for _, change in changes):
        load_kernel_settings()
    wanted: dict[str, str] = {}
    for _, change in changes:
        kind, _, unit = change.partition(":")
        if unit:
            wanted[unit] = max(kind, wanted.get(unit, kind), key=EFFORTS.index)
    for unit, kind in sorted(wanted.items()):
        if kind != "runtime" or not all(
            [load(path) for path, change in changes if change == f"runtime:{unit}"]
        ):
            systemctl("restart" if kind == "restart" else "reload-or-restart", unit)
    for path in {path for path, _ in changes if path.endswith("-client-crl.pem") and Path(path).exists()}:
        _close_revoked(path)


def _close_revoked(path: str) -> None:
    try:
        print(f"closed {close_revoked(path)} sessions of revoked certificates", flush=True)
    except (OSError, ValueError) as reason:
        # The list is in force for new sessions all the same: no reason to put the former one back.
        print(f"sessions of revoked certificates may live on: {reason!r}", flush=True)
