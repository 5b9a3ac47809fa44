"""Security updates of the operating system, which come with a set."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256

import pytest
from archive import CACHE, REPOSITORY, install, make, publish, versions
from machine import ALONE, Machine, asking

from apply.updates import security

REBOOT = "/run/emqx-haproxy-reboot"
ALWAYS = {"generation": 2, "window": None}
# It has a library open that an update takes away.
HOLDER = """
import mmap, time
with open("/usr/lib/libx/version", "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
print("ready", flush=True)
time.sleep(600)
"""


def wanting(security: Mapping[str, object] | None = None, **more: object) -> str:
    """A set that leaves the service's version open."""
    return versions(None, security=security, **more)  # type: ignore[arg-type]


@pytest.fixture
def host(machine: Machine) -> Machine:
    """Its service and a library of it have a security update each."""
    machine.path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
    install(machine, "1.0")
    install(machine, "1.0", "libx")
    machine.command(
        "sh", "-c", f"apt-mark unhold libx; mkdir -p {CACHE} && mv {REPOSITORY}/app_*.deb {CACHE}"
    )
    make(machine, "1.1")
    make(machine, "1.1", name="libx")
    publish(machine, "stable-security")
    done = machine.run(text=wanting())
    assert done.returncode == 0, done.stderr
    machine.calls()
    return machine


@pytest.fixture
def user(host: Machine) -> Iterator[Machine]:
    """With the service running as a process that has the library open."""
    enter = ["nsenter", "--mount", "--root", "--wd", "--target", str(host.process.pid)]
    with subprocess.Popen([*enter, "python3", "-c", HOLDER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        host.write("/run/pid-of-app", f"{process.pid}\n")
        yield host
        process.kill()


def installed(machine: Machine, name: str) -> str:
    return machine.command("dpkg-query", "--show", "--showformat", "${Version}", name).stdout


def test_another_generation_brings_them_and_restarts_what_they_are_of(host: Machine) -> None:
    done = host.run(text=wanting(ALWAYS))
    assert done.returncode == 0, done.stderr
    assert (installed(host, "app"), installed(host, "libx")) == ("1.1", "1.1")
    assert host.calls() == ["daemon-reload", "restart app", "enable --now app"]
    make(host, "1.2", name="libx")
    publish(host, "stable-security")
    assert host.run(text=wanting(ALWAYS)).stdout == "unchanged\n"
    assert host.run(text=wanting({"generation": 3, "window": None})).returncode == 0
    assert installed(host, "libx") == "1.2"


def test_a_version_that_the_set_names_is_left_alone(host: Machine) -> None:
    done = host.run(text=versions("1.0", security=ALWAYS))
    assert done.returncode == 0, done.stderr
    assert (installed(host, "app"), installed(host, "libx")) == ("1.0", "1.1")
    assert "restart app" not in host.calls()


def test_a_service_that_runs_what_is_no_more_is_restarted(user: Machine) -> None:
    done = user.run(text=versions("1.0", security=ALWAYS))
    assert done.returncode == 0, done.stderr
    assert user.calls() == ["restart app", "enable --now app"]


def test_they_do_not_come_while_the_others_cannot_do_without_its_services(host: Machine) -> None:
    assert host.run(text=versions("1.0", askBefore=asking("app"))).returncode == 0
    host.write(ALONE, "")
    done = host.run(text=versions("1.0", security=ALWAYS, askBefore=asking("app")))
    assert done.returncode == 1
    assert "refused, nothing was changed: other is away" in done.stderr
    assert installed(host, "libx") == "1.0"


def test_updates_that_are_no_security_updates_do_not_come(host: Machine) -> None:
    publish(host, "stable-updates")
    done = host.run(text=wanting(ALWAYS))
    assert done.returncode == 0, done.stderr
    assert (installed(host, "app"), installed(host, "libx")) == ("1.0", "1.0")


def test_a_service_that_is_not_well_with_its_own_goes_back_until_the_next_run(
    host: Machine,
) -> None:
    lost = "grep -q 1.0 /run/app-version || { echo not well; exit 1; }"
    done = host.run(text=wanting(ALWAYS, health=["sh", "-c", lost]))
    assert done.returncode == 1
    assert "the former set is back" in done.stderr
    assert (installed(host, "app"), installed(host, "libx")) == ("1.0", "1.1")
    assert host.run(text=wanting(ALWAYS)).returncode == 0
    assert installed(host, "app") == "1.1"


def test_outside_of_their_window_they_are_refused(host: Machine) -> None:
    now = time.time()
    begin, end = (time.strftime("%H:%M", time.gmtime(now + hours * 3600)) for hours in (2, 3))
    done = host.run(text=wanting({"generation": 2, "window": {"from": begin, "to": end}}))
    assert done.returncode == 1
    assert f"security updates have their window from {begin} to {end}" in done.stderr
    assert installed(host, "libx") == "1.0"
    # Over midnight, where the other is not.
    assert host.run(text=wanting({"generation": 2, "window": {"from": end, "to": begin}})).returncode == 0
    assert installed(host, "libx") == "1.1"


def test_a_host_that_is_to_reboot_ends_its_services_and_does_so_when_it_is_told(host: Machine) -> None:
    host.write("/run/reboot-required", "")
    host.program("/usr/local/sbin/systemd-run", '#!/bin/sh\necho "later: $*" >>/run/systemctl.log\n')
    host.command("systemctl", "enable", "--now", "ssh")
    text = wanting(ALWAYS)
    assert host.run(text=text).returncode == 0
    assert host.read(REBOOT) is not None
    assert host.units("running") == {"app", "ssh"}
    host.calls()
    done = host.run("--confirm", sha256(text.encode()).hexdigest())
    assert (done.returncode, host.calls()) == (0, [])
    done = host.run("--reboot")
    assert done.returncode == 0, done.stderr
    assert host.calls() == [
        "stop app",
        "later: --quiet --on-active=4 systemctl reboot",
        "stop ssh",
    ]
    assert (host.run("--reboot").returncode, host.calls()) == (0, [])


def test_a_host_that_cannot_be_rebooted_serves_and_listens_again(host: Machine) -> None:
    host.command("systemctl", "enable", "--now", "ssh")
    host.write(REBOOT, "")
    host.program("/usr/local/sbin/systemd-run", "#!/bin/sh\nexit 1\n")
    done = host.run("--reboot")
    assert done.returncode == 1
    assert "not rebooted, services start again: " in done.stderr
    assert host.units("running") == {"app", "ssh"}
    assert host.read(REBOOT) is not None


def test_what_apt_says_in_another_form_is_no_absence_of_updates() -> None:
    lines = (
        "Inst libssl3 [3.0.1] (3.0.2 Debian-Security:12/stable-security [amd64]) []",
        "Inst libc6 [2.39] (2.40 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])",
        "Inst new (1.0 Debian:12/stable [amd64])",
        "Conf libssl3 (3.0.2 Debian-Security:12/stable-security [amd64])",
    )
    assert security("\n".join(lines)) == {"libssl3": "3.0.2", "libc6": "2.40"}
    with pytest.raises(ValueError, match="Inst libx"):
        security("\n".join([*lines, "Inst libx 1.0 -> 1.1"]))


def test_a_kernel_that_is_newer_than_the_one_that_runs_is_a_reason_too(host: Machine) -> None:
    running = host.command("uname", "-r").stdout.strip()
    for name in (running, f"9{running}"):
        host.write(f"/boot/vmlinuz-{name}", "")
    assert host.run(text=wanting(ALWAYS)).returncode == 0
    assert host.read(REBOOT) is not None


def test_a_run_killed_at_any_step_is_finished_by_the_next(host: Machine) -> None:
    steps = 3
    while host.run(text=wanting(ALWAYS), kill_at=steps).returncode != 0:
        done = host.run(text=wanting(ALWAYS))
        assert done.returncode == 0, done.stderr
        assert (installed(host, "app"), installed(host, "libx")) == ("1.1", "1.1")
        assert json.loads(host.run("--check").stdout) == {}
        assert host.units("running") == {"app"}
        back(host)
        steps += 9
    assert steps > 40


def back(machine: Machine) -> None:
    """To the first versions, and the generation before."""
    script = (
        "rm /var/lib/emqx-haproxy/updates.json; dpkg -i --force-confold /var/cache/x/*.deb; apt-mark hold app"
    )
    machine.command("sh", "-c", "mkdir -p /var/cache/x")
    for name in ("app", "libx"):
        make(machine, "1.0", name=name)
    machine.command(
        "sh", "-c", f"mv {REPOSITORY}/*_1.0_all.deb /var/cache/x; cp /var/cache/x/app_1.0* {CACHE}"
    )
    done = machine.command("sh", "-c", f"{script}; systemctl restart app")
    assert done.returncode == 0, done.stderr
    done = machine.run(text=wanting())
    assert done.returncode == 0, done.stderr
