"""A change of the way in, or of hosts that change together, stays only when it is confirmed."""

import subprocess
import sys
from hashlib import sha256

import pytest
from archive import offer_second, versions
from machine import FOLDER, Machine, file_set
from waiting import until

SSHD = "/etc/ssh/sshd_config.d/own.conf"
PENDING = "/run/emqx-haproxy-pending"
TAKEN_BACK = "/var/lib/emqx-haproxy/taken-back.set"
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
    assert "taken back unless it is confirmed" in done.stdout
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
    assert "nobody confirmed it within 4 s after it was in force; the former set is back" in done.stderr
    assert confirm(host, OLD).returncode == 0


def test_the_next_set_that_comes_is_a_word_too(host: Machine) -> None:
    assert up(host, NEW).returncode == 0
    third = file_set({SSHD: ("Port 24\n", "restart:ssh")})
    done = up(host, third)
    assert done.returncode == 0, done.stderr
    assert confirm(host, third).returncode == 0
    assert host.read(SSHD) == "Port 24\n"


def test_what_was_taken_back_is_kept_to_be_tried_again(host: Machine) -> None:
    assert up(host, NEW).returncode == 0
    until(lambda: host.read("/var/lib/emqx-haproxy/outcome.json") is not None, 30)
    assert host.read(TAKEN_BACK) == NEW
    assert up(host, NEW).returncode == 0
    assert host.read(TAKEN_BACK) is None
    assert confirm(host, NEW).returncode == 0
    assert (host.read(SSHD), host.read(TAKEN_BACK)) == ("Port 23\n", None)


def test_hosts_that_change_together_wait_with_whatever_changes(host: Machine) -> None:
    sets = [
        file_set(
            {SSHD: ("Port 22\n", "restart:ssh"), "/etc/app/app.conf": (text, "reload:app")}, together=True
        )
        for text in ("former\n", "new\n")
    ]
    former, new = sets
    for each in sets:
        assert up(host, each).returncode == 0
        assert host.read(PENDING) is not None
    # The second was the word for the first.
    until(lambda: host.read("/var/lib/emqx-haproxy/outcome.json") is not None, 30)
    assert host.read("/etc/app/app.conf") == "former\n"
    assert confirm(host, new).returncode == 1
    assert confirm(host, former).returncode == 0
    assert up(host, new).returncode == 0
    assert confirm(host, new).returncode == 0
    assert host.read("/etc/app/app.conf") == "new\n"


def test_secrets_come_to_each_of_them_by_itself(host: Machine) -> None:
    text = file_set({"/etc/app/app.conf": ("as told\n", "reload:app")}, together=True)
    assert up(host, text).returncode == 0
    assert confirm(host, text).returncode == 0
    host.write("/etc/app/app.conf", "by hand\n")
    done = host.command(sys.executable, f"{FOLDER}/fetch_secrets.py")
    assert (done.returncode, host.read(PENDING)) == (0, None), done.stderr
    assert host.read("/etc/app/app.conf") == "as told\n"


def test_a_change_of_other_files_waits_for_nobody(host: Machine) -> None:
    other = file_set({SSHD: ("Port 22\n", "restart:ssh"), "/etc/app/app.conf": ("x\n", "reload:app")})
    done = up(host, other)
    assert "taken back" not in done.stdout
    assert host.read("/var/lib/emqx-haproxy/current.set") == other
    assert confirm(host, other).returncode == 0
    done = confirm(host, NEW)
    assert (done.returncode, done.stderr) == (1, "another set is in force\n")


def test_a_version_that_nobody_confirms_goes_and_the_former_is_back(host: Machine) -> None:
    offer_second(host)
    assert host.run(text=versions("1.0")).returncode == 0
    assert up(host, versions("2.0")).returncode == 0
    assert (host.read("/run/app-version"), host.read(PENDING) is not None) == ("2.0\n", True)
    until(lambda: host.read("/var/lib/emqx-haproxy/outcome.json") is not None, 30)
    assert host.read("/run/app-version") == "1.0\n"
    assert host.command("dpkg-query", "--show", "--showformat", "${Version}", "app").stdout == "1.0"
    assert confirm(host, versions("2.0")).returncode == 1
    assert confirm(host, versions("1.0")).returncode == 0


def test_who_is_on_the_host_by_other_means_need_not_confirm(host: Machine) -> None:
    assert host.run(text=NEW).returncode == 0
    assert host.read(PENDING) is None
    assert confirm(host, NEW).returncode == 0
