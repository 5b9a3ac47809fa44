"""A host whose turn it is to reboot: it does, or serves and listens, whatever comes in between."""

import os
import subprocess
import sys
from threading import Thread

import pytest
from machine import ALONE, FOLDER, Machine, asking, file_set
from waiting import until

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
    os.close(read)
    assert begun(host, stdout=write, stderr=write).wait(60) == 0
    os.close(write)
    assert ASKED in host.calls()


def test_it_waits_until_the_others_can_do_without_it(host: Machine) -> None:
    files = {"/etc/app/app.conf": ("own\n", "reload:app")}
    assert host.run(text=file_set(files, enable=["app", "proxy"], askBefore=asking("proxy"))).returncode == 0
    host.write(ALONE, "")
    done = host.run("--reboot")
    assert (done.returncode, done.stderr) == (1, "not rebooted: other is away\n")
    assert host.units("running") == {"app", "proxy", "ssh"}
    host.path(ALONE).unlink()
    assert host.run("--reboot").returncode == 0
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


def test_it_waits_for_a_run_that_is_under_way(host: Machine) -> None:
    text = file_set(
        {"/etc/app/app.conf": ("new\n", "reload:app")},
        enable=["app", "proxy"],
        health=["test", "-e", "/run/well"],
        healthTimeoutSeconds=60,
    )
    run = Thread(target=host.run, kwargs={"text": text})
    run.start()
    until(lambda: host.read("/run/loaded") == "new\n", 30)
    with begun(host, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reboot:
        assert reboot.stderr is not None
        assert "waiting for its end" in reboot.stderr.readline()
        assert ASKED not in host.calls()
        host.write("/run/well", "")
        run.join()
        assert reboot.wait(60) == 0
    assert ASKED in host.calls()


def begun(host: Machine, stdout: int, stderr: int) -> subprocess.Popen[str]:
    """A reboot that goes on beside the test."""
    enter = ["nsenter", "--mount", "--root", "--wd", "--target", str(host.process.pid)]
    command = [*enter, sys.executable, f"{FOLDER}/apply_config.py", "--reboot"]
    environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment, text=True)


def booted(host: Machine) -> None:
    """As after its boot, with another reboot asked for."""
    for unit in ("app", "proxy", "ssh"):
        host.command("systemctl", "start", unit)
    host.write(REBOOT, "")
    host.calls()
