"""Keepalived's interface, by its name on this host: families of instances differ in it."""

import json
import re
import subprocess
from pathlib import Path

from apply.disk import put
from apply.file_set import state_file

CONFIG = Path("/etc/keepalived/keepalived.conf")
FOUND = Path("/run/emqx-haproxy/interface.conf")
OWN_ADDRESS = re.compile(r"^ *unicast_src_ip (\S+)$", re.M)


def name() -> str:
    """The interface that has the address which Keepalived sends from; raises where none has."""
    [address] = OWN_ADDRESS.findall(CONFIG.read_text())
    command = ["ip", "-json", "-4", "address", "show", "to", f"{address}/32"]
    links = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    names = [str(link["ifname"]) for link in links if link]
    if not names:
        raise LookupError(f"no interface has {address}")
    return names[0]


def main() -> None:
    """Says it where keepalived.conf includes it."""
    put(str(FOUND), state_file(f"interface {name()}\n"))


if __name__ == "__main__":
    main()
