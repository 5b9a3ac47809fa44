"""HAProxy's runtime API: files that it takes without a reload."""

from pathlib import Path

import tickets
from haproxy_socket import RUNTIME, ask


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
    except OSError:
        pass
    return False
