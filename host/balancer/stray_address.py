"""Takes the virtual IP off the host's interface: Keepalived puts it on lo, and nothing else may.

In mode privateIp a new instance's cloud-init finds it on the interface where EC2 has it there at that
moment, and configures it as the interface's own, with the subnet's prefix. Once it has moved, this host would
go on sending from it, to the resolver and to EC2 too, and EC2 drops what comes from an address that the
interface has not.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

from apply.disk import on_disk, put
from apply.file_set import File

SETTINGS = Path("/etc/emqx-haproxy/aws.json")
PLACES = [(Path("/etc/netplan"), "*.yaml"), (Path("/etc/systemd/network"), "*.network")]
PROMOTE = Path("/proc/sys/net/ipv4/conf")


def main() -> None:
    """Where the address is none that moves between interfaces, there is nothing to do."""
    virtual_ip = json.loads(SETTINGS.read_text())["virtualIp"]
    if virtual_ip["mode"] != "privateIp":
        return
    address = virtual_ip["address"]
    if forget(address):
        if shutil.which("netplan"):
            run("netplan", "generate")
        run("networkctl", "reload")
    for link in json.loads(run("ip", "-json", "-4", "address", "show", "to", f"{address}/32")):
        if link and link["ifname"] != "lo":
            take_off(link["ifname"], address)


def forget(address: str) -> bool:
    """Whether a file of the network's configuration named it; none does now."""
    files = [path for folder, pattern in PLACES for path in folder.glob(pattern)]
    changed = [path for path in files if _without(path, address)]
    print(*(f"{path}: without {address}" for path in changed), sep="\n", end="\n" if changed else "")
    return bool(changed)


def _without(path: Path, address: str) -> bool:
    file = on_disk(str(path))
    if not file:
        return False
    line = rf'^ *(- "?|Address=){re.escape(address)}/\d+"?\n'
    text = re.sub(line, "", file.content.decode(), flags=re.M)
    # A list that holds nothing any more is no list to netplan.
    text = re.sub(r"^( *)addresses:\n(?!\1 *- )", "", text, flags=re.M)
    if re.search(rf"(?<![\d.]){re.escape(address)}/", text):
        print(f"{path} names {address} in a form that is not known here: take it out", flush=True)
    if text.encode() == file.content:
        return False
    put(str(path), File(text.encode(), file.mode, file.owner))
    return True


def take_off(interface: str, address: str) -> None:
    """The interface keeps the others, which the kernel may have counted as second to this one."""
    (PROMOTE / interface / "promote_secondaries").write_text("1\n")
    run("ip", "address", "flush", "dev", interface, "to", f"{address}/32")
    print(f"{interface}: without {address}")


def run(*command: str) -> str:
    """Its output; raises when it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
