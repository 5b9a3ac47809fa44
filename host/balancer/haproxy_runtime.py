"""HAProxy's runtime API: files that it takes without a reload. `load FILE...`, then `loaded FILE...`."""

import sys
from pathlib import Path

from balancer import tickets
from balancer.haproxy_socket import RUNTIME, ask
from balancer.revocation import close_revoked


def main(verb: str, paths: list[str]) -> int:
    """`load` exits 0 when HAProxy took all; `loaded`, once they are in force, ends revoked sessions."""
    if verb == "load":
        return 0 if all([load(path) for path in paths]) else 1
    for path in paths:
        if path.endswith("-client-crl.pem") and Path(path).exists():
            _close_revoked(path)
        if path.endswith("-client-ca.pem"):
            print(f"{path}: whom only the former one trusted stays connected until the session ends")
    return 0


def load(path: str) -> bool:
    """Hands HAProxy a changed certificate, key, CA, CRL or ticket master; False when that takes a reload."""
    # A certificate and its key are replaced together, from server.pem and server.pem.key.
    name = path.removesuffix(".key")
    try:
        if path == str(tickets.SECRET):
            tickets.renew()
            return True
        for kind in ("cert", "ca-file", "crl-file"):
            if name in ask(RUNTIME, f"show ssl {kind}").split():
                parts = [Path(file).read_text() for file in (name, f"{name}.key") if Path(file).exists()]
                # An empty line would end the payload.
                text = "\n".join(line for line in "\n".join(parts).splitlines() if line)
                ask(RUNTIME, f"set ssl {kind} {name} <<\n{text}\n")
                if "Success" in ask(RUNTIME, f"commit ssl {kind} {name}"):
                    # A ticket from before would still let in whom a new CA or CRL does not.
                    tickets.renew()
                    return True
                ask(RUNTIME, f"abort ssl {kind} {name}")
    except (OSError, ValueError) as reason:
        print(f"{path}: HAProxy is reloaded for it: {reason!r}")
    return False


def _close_revoked(path: str) -> None:
    try:
        print(f"closed {close_revoked(path)} sessions of revoked certificates")
    except (OSError, ValueError) as reason:
        # The list is in force for new sessions all the same: no reason to put the former one back.
        print(f"sessions of revoked certificates may live on: {reason!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
