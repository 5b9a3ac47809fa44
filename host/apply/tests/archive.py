"""Packages of the one service that a test's host has, and the repository that they come from."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from machine import Machine, file_set

REPOSITORY = "/srv/repository"
POLICY = "/usr/sbin/policy-rc.d"
CONF = "/etc/app/app.conf"
CACHE = "/var/lib/emqx-haproxy/packages"
# It gives its folder away, as EMQX's does, and restarts its service unless it is told not to.
POSTINST = """#!/bin/sh
set -e
chown -R 1:1 /etc/app
chmod 0644 /etc/app/*
/usr/sbin/policy-rc.d app restart >/dev/null 2>&1 && code=0 || code=$?
[ $code = 101 ] || systemctl restart app
"""


def make(machine: Machine, version: str, content: str = "", name: str = "app") -> str:
    """Builds a package on the host; where it lies."""
    tree = f"/run/build/{name}-{version}"
    machine.write(f"{tree}/usr/lib/{name}/version", f"{version}{content}\n")
    machine.write(f"{tree}/etc/{name}/{name}.conf", "the package's own\n")
    control = {
        "Package": name,
        "Version": version,
        "Architecture": "all",
        "Maintainer": "nobody",
        "Installed-Size": "8",
        "Description": "a service",
    }
    machine.write(f"{tree}/DEBIAN/control", "".join(f"{key}: {value}\n" for key, value in control.items()))
    machine.write(f"{tree}/DEBIAN/conffiles", f"/etc/{name}/{name}.conf\n")
    machine.program(f"{tree}/DEBIAN/postinst", POSTINST.replace("/app", f"/{name}"))
    file = f"{REPOSITORY}/{name}_{version}_all.deb"
    machine.path(REPOSITORY).mkdir(parents=True, exist_ok=True)
    done = machine.command("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, file)
    assert done.returncode == 0, done.stderr
    return file


def publish(machine: Machine, suite: str = "stable") -> None:
    """The packages that lie in the repository are what can be had, and nothing else."""
    entries = []
    for file in sorted(machine.path(REPOSITORY).glob("*.deb")):
        control = machine.command("dpkg-deb", "--field", f"{REPOSITORY}/{file.name}").stdout
        content = file.read_bytes()
        entries.append(
            f"{control}Filename: ./{file.name}\nSize: {len(content)}\nSHA256: {sha256(content).hexdigest()}\n"
        )
    index = "\n".join(entries)
    machine.write(f"{REPOSITORY}/Packages", index)
    digest = sha256(index.encode()).hexdigest()
    fields = f"Label: Debian-Security\nSuite: {suite}\nVersion: 13\n"
    machine.write(f"{REPOSITORY}/Release", f"{fields}SHA256:\n {digest} {len(index)} Packages\n")
    for former in machine.path("/etc/apt/sources.list.d").iterdir():
        former.unlink()
    machine.write("/etc/apt/sources.list", f"deb [trusted=yes] file:{REPOSITORY} ./\n")


def install(machine: Machine, version: str, name: str = "app") -> None:
    """As a first boot does."""
    file = make(machine, version, name=name)
    done = machine.command("sh", "-c", f"dpkg --install {file} && apt-mark hold {name}")
    assert done.returncode == 0, done.stdout + done.stderr


def versions(
    version: str | None,
    conf: str = "own\n",
    stopped: bool = False,
    guard: tuple[str, ...] = (),
    security: Mapping[str, object] | None = None,
    **more: object,
) -> str:
    """A set that names a version."""
    package = {"name": "app", "version": version, "unit": "app", "stopped": stopped, "guard": [*guard]}
    content = json.dumps({"packages": [package], "repositories": [], "security": security}) + "\n"
    files = {CONF: (conf, "reload:app"), "/etc/emqx-haproxy/packages.json": (content, "none")}
    return file_set(files, **more)


def run_first(machine: Machine) -> None:
    """The host has the first version, whose package it keeps, and the repository has none."""
    machine.path(POLICY).unlink(missing_ok=True)
    install(machine, "1.0")
    machine.command("sh", "-c", f"mkdir -p {CACHE} && mv {REPOSITORY}/*.deb {CACHE}")


def offer_second(machine: Machine) -> None:
    """The same, and the repository has the second."""
    run_first(machine)
    make(machine, "2.0")
    publish(machine)


def cached(machine: Machine) -> list[str]:
    """The packages that the host keeps."""
    return sorted(file.name for file in Path(machine.path(CACHE)).glob("*.deb"))
