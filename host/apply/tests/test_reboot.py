"""A host whose turn it is to reboot: it does, or serves and listens, whatever comes in between."""

import os
import subprocess
import sys

import pytest
from machine import FOLDER, Machine, file_set

REBOOT = "/run/emqx-haproxy-reboot"
ASKED = "later: --quiet --on-active=4 systemctl reboot"
SET = file_set({"/etc/app/app.conf": ("own\n", "reload:app")}, enable=["app", "proxy"])


@pytest.fixture
def host(machine: Machine) -> Machine:
    """Two services and sshd run, and an update has asked for a reboot."""
    machine.packages("app", "proxy", "ssh")
    assert machine.run(text=SET).returncode == 0
    machine.command("systemctl", "enable", "--now", "ssh")
    machine.program("/usr/local/sbin/systemd-run", '#!/bin/sh\necho "later: $*" >>/run/systemctl.log\n')
    machine.write(REBOOT, "")
    machine.calls()
    return machine


def test_killed_at_any_step_it_is_asked_for_or_can_be_asked_for_again(host: Machine) -> None:
    step = 0
    while host.run("--reboot", kill_at=step).returncode != 0:
        if ASKED not in host.calls():
            assert "ssh" in host.units("running"), f"killed at {step}, nobody can come in any more"
            # The next `up` brings the same set, which starts what was stopped, and asks again.
            assert host.run(text=SET).returncode == 0
            assert host.units("running") == {"app", "proxy", "ssh"}
            assert host.run("--reboot").returncode == 0
            assert ASKED in host.calls()
        booted(host)
        step += 1
    assert step > 5


def test_it_goes_on_when_whoever_asked_is_gone(host: Machine) -> None:
    read, write = os.pipe()
    enter = ["nsenter", "--mount", "--root", "--wd", "--target", str(host.process.pid)]
    environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
    command = [*enter, sys.executable, f"{FOLDER}/apply_config.py", "--reboot"]
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=write, env=environment, timeout=60)
    os.close(write)
    assert done.returncode == 0
    assert ASKED in host.calls()


def test_it_needs_no_room_on_the_disk(host: Machine) -> None:
    script = """
truncate --size 2M /run/disk && mkfs.ext4 -q -m 0 /run/disk && mount -o loop /run/disk /mnt
cp -a /var/lib/emqx-haproxy/. /mnt && umount /mnt && mount -o loop /run/disk /var/lib/emqx-haproxy
cat /dev/zero >/var/lib/emqx-haproxy/filler 2>/dev/null || :
"""
    done = host.command("sh", "-ec", script)
    assert done.returncode == 0, done.stderr
    done = host.run("--reboot")
    assert done.returncode == 0, done.stderr
    assert ASKED in host.calls()


def booted(host: Machine) -> None:
    """As after its boot, with another reboot asked for."""
    for unit in ("app", "proxy", "ssh"):
        host.command("systemctl", "start", unit)
    host.write(REBOOT, "")
    host.calls()
