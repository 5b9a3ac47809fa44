"""Which interface Keepalived is told, in a network namespace of its own. Needs root."""

import subprocess
from pathlib import Path

import pytest

from balancer import interface

PROGRAM = """
import sys
from pathlib import Path
from balancer import interface
interface.CONFIG, interface.FOUND = Path(sys.argv[1]), Path(sys.argv[2])
interface.main()
"""
NETWORK = """
ip link add enp39s0 type bridge
ip address add 10.20.0.32/24 dev enp39s0
ip address add 10.20.0.34/24 dev enp39s0
exec "$@"
"""


def told(address: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "keepalived.conf"
    config.write_text(f"vrrp_instance VIP {{\n    unicast_src_ip {address}\n}}\n")
    python = ["python3", "-c", PROGRAM, str(config), str(tmp_path / "interface.conf")]
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", NETWORK, "sh", *python],
        cwd=Path(interface.__file__).parent.parent,
        capture_output=True,
        text=True,
    )


def test_the_interface_is_the_one_with_the_address_whatever_its_name(tmp_path: Path) -> None:
    done = told("10.20.0.32", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "interface.conf").read_text() == "interface enp39s0\n"


@pytest.mark.parametrize("address", ["10.20.0.3", "10.20.0.33"])
def test_an_address_that_none_has_is_an_error_that_names_it(address: str, tmp_path: Path) -> None:
    done = told(address, tmp_path)
    assert done.returncode == 1
    assert f"no interface has {address}" in done.stderr
    assert not (tmp_path / "interface.conf").exists()
