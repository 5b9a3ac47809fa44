"""A virtual IP that cloud-init configured on the interface, in a network namespace of its own. Needs root."""

import json
import subprocess
from pathlib import Path

import pytest

from balancer import stray_address

PROGRAM = """
import subprocess, sys
from pathlib import Path
from balancer import stray_address
root = Path(sys.argv[1])
stray_address.SETTINGS = root / "aws.json"
stray_address.PLACES = [(root / "netplan", "*.yaml"), (root / "network", "*.network")]
real = stray_address.run
def run(*command):
    if command[0] in ("netplan", "networkctl"):
        print(*command)
        return ""
    return real(*command)
stray_address.run = run
stray_address.main()
print(real("ip", "-oneline", "-4", "address"))
"""
# The subnet's first address is the one that is taken for the interface's own.
NETWORK = """
ip link set lo up
ip address add 10.20.0.31/32 dev lo
ip link add ens5 type bridge
ip address add 10.20.0.31/24 dev ens5
ip address add 10.20.0.32/24 dev ens5
exec "$@"
"""
NETPLAN = """network:
  version: 2
  ethernets:
    ens5:
      dhcp4: true
      addresses:
      - 10.20.0.31/24
      match:
        macaddress: 0a:00:00:00:00:01
"""
NETWORKD = "[Network]\nDHCP=ipv4\nAddress=10.20.0.31/24\nAddress=10.20.0.40/24\n"


def after(tmp_path: Path, mode: str) -> str:
    (tmp_path / "aws.json").write_text(json.dumps({"virtualIp": {"mode": mode, "address": "10.20.0.31"}}))
    for folder, name, text in (("netplan", "50.yaml", NETPLAN), ("network", "10.network", NETWORKD)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", NETWORK, "sh", "python3", "-c", PROGRAM, str(tmp_path)],
        cwd=Path(stray_address.__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_virtual_ip_is_taken_off_the_interface_and_its_configuration(tmp_path: Path) -> None:
    said = after(tmp_path, "privateIp")
    assert "10.20.0.31/32 scope global lo" in said
    assert "10.20.0.31/24" not in said
    assert "10.20.0.32/24" in said, "the interface keeps its own address"
    assert "networkctl reload" in said
    left = (tmp_path / "netplan/50.yaml").read_text()
    assert left == NETPLAN.replace("      addresses:\n      - 10.20.0.31/24\n", "")
    assert "10.20.0.31" not in (tmp_path / "network/10.network").read_text()
    assert "Address=10.20.0.40/24" in (tmp_path / "network/10.network").read_text()


def test_an_address_that_does_not_move_between_interfaces_is_left_alone(tmp_path: Path) -> None:
    assert "10.20.0.31/24" in after(tmp_path, "route")
    assert (tmp_path / "netplan/50.yaml").read_text() == NETPLAN


def test_an_address_in_a_form_that_is_not_known_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "50.yaml").write_text("ens5: {addresses: [10.20.0.31/24]}\nother: 110.20.0.31/24\n")
    monkeypatch.setattr(stray_address, "PLACES", [(tmp_path, "*.yaml")])
    assert not stray_address.forget("10.20.0.31")
    assert "50.yaml names 10.20.0.31 in a form that is not known here" in capsys.readouterr().out
