"""A change of the way in stays only when somebody comes in anew."""

import subprocess
import sys
from hashlib import sha256

import pytest
from machine import FOLDER, Machine, file_set
from waiting import until

SSHD = "/etc/ssh/sshd_config.d/own.conf"
PENDING = "/run/emqx-haproxy-pending"
OLD = file_set({SSHD: ("Port 22\n", "restart:ssh")})
NEW = file_set({SSHD: ("Port 23\n", "restart:ssh")})


@pytest.fixture
def host(machine: Machine) -> Machine:
    """With the former set in force, and little patience in what each set brings."""
    text = machine.read(f"{FOLDER}/apply/confirm.py") or ""
    machine.write(
        f"{FOLDER}/apply/confirm.py", text.replace("PATIENCE_SECONDS = 180", "PATIENCE_SECONDS = 4")
    )
    assert machine.run(text=OLD).returncode == 0
    return machine


def up(machine: Machine, text: str) -> subprocess.CompletedProcess[str]:
    """A set, over a connection."""
    machine.write("/run/given.set", text)
    return machine.command(sys.executable, f"{FOLDER}/apply_config.py", "--apart", "/run/given.set", "ann")


def confirm(machine: Machine, text: str) -> subprocess.CompletedProcess[str]:
    """Over the next connection."""
    return machine.run("--confirm", sha256(text.encode()).hexdigest())


def test_it_stays_once_it_is_confirmed(host: Machine) -> None:
    done = up(host, NEW)
    assert done.returncode == 0, done.stderr
    assert "taken back unless somebody comes in anew" in done.stdout
    assert host.read("/var/lib/emqx-haproxy/current.set") == OLD
    done = confirm(host, NEW)
    assert (done.returncode, done.stderr) == (0, "")
    assert (host.read(SSHD), host.read("/var/lib/emqx-haproxy/current.set")) == ("Port 23\n", NEW)
    assert up(host, NEW).stdout == "unchanged\n"
    assert confirm(host, NEW).returncode == 0


def test_it_is_taken_back_when_nobody_comes(host: Machine) -> None:
    assert up(host, NEW).returncode == 0
    host.calls()
    until(lambda: host.read("/var/lib/emqx-haproxy/outcome.json") is not None, 30)
    assert host.read(SSHD) == "Port 22\n"
    assert "restart ssh" in host.calls()
    done = confirm(host, NEW)
    assert done.returncode == 1
    assert "nobody came in anew within 4 s after it was in force; the former set is back" in done.stderr
    assert confirm(host, OLD).returncode == 0


def test_the_next_set_that_comes_is_a_word_too(host: Machine) -> None:
    assert up(host, NEW).returncode == 0
    third = file_set({SSHD: ("Port 24\n", "restart:ssh")})
    done = up(host, third)
    assert done.returncode == 0, done.stderr
    assert confirm(host, third).returncode == 0
    assert host.read(SSHD) == "Port 24\n"


def test_a_change_of_other_files_waits_for_nobody(host: Machine) -> None:
    other = file_set({SSHD: ("Port 22\n", "restart:ssh"), "/etc/app/app.conf": ("x\n", "reload:app")})
    done = up(host, other)
    assert "anew" not in done.stdout
    assert host.read("/var/lib/emqx-haproxy/current.set") == other
    assert confirm(host, other).returncode == 0
    done = confirm(host, NEW)
    assert (done.returncode, done.stderr) == (1, "another set is in force\n")


def test_who_is_on_the_host_by_other_means_need_not_confirm(host: Machine) -> None:
    assert host.run(text=NEW).returncode == 0
    assert host.read(PENDING) is None
    assert confirm(host, NEW).returncode == 0
