"""A disk that is full, or fills, while a package or a secret is changed."""

import json

import pytest
from archive import REPOSITORY, install, make, publish, run_first, versions
from fake_aws import FakeAws
from machine import Machine, file_set

STATE = "/var/lib/emqx-haproxy"
PROGRAM = "/usr/lib/app"
LIBRARY = "/usr/lib/libx"
# More than the small disk of a test holds.
LARGE = " " + "x" * 3_000_000
KEY = "/etc/app/key"


def on_small_disk(machine: Machine, folder: str) -> None:
    """What is in the folder, on an ext4 of 2 MiB of its own."""
    image = f"/run/disk-{folder.replace('/', '-')}"
    script = f"""
truncate --size 2M {image} && mkfs.ext4 -q -m 0 {image} && mkdir -p {folder} && mount -o loop {image} /mnt
cp -a {folder}/. /mnt && umount /mnt && mount -o loop {image} {folder}
"""
    done = machine.command("sh", "-ec", script)
    assert done.returncode == 0, done.stderr


def fill(machine: Machine, folder: str) -> None:
    """To the last block, which takes writes as small."""
    machine.command("dd", "if=/dev/zero", f"of={folder}/filler", "bs=1k")


def installed(machine: Machine, name: str) -> str:
    query = ["dpkg-query", "--show", "--showformat", "${Status} ${Version}", name]
    return machine.command(*query).stdout


def assert_runs(machine: Machine, version: str) -> None:
    assert installed(machine, "app") == f"hold ok installed {version}"
    assert (machine.read("/run/app-version") or "").strip() == version
    assert machine.units("running") == {"app"}
    assert json.loads(machine.run("--check").stdout) == {}


@pytest.fixture
def host(machine: Machine) -> Machine:
    """It runs the first version, whose package it keeps."""
    run_first(machine)
    done = machine.run(text=versions("1.0"))
    assert done.returncode == 0, done.stderr
    return machine


def test_a_version_that_has_no_place_to_be_kept_is_refused_and_comes_once_there_is_room(
    host: Machine,
) -> None:
    make(host, "2.0")
    publish(host)
    on_small_disk(host, STATE)
    fill(host, STATE)
    done = host.run(text=versions("2.0"))
    assert done.returncode == 1
    assert "refused, nothing was changed" in done.stderr
    assert_runs(host, "1.0")
    host.path(f"{STATE}/filler").unlink()
    done = host.run(text=versions("2.0"))
    assert done.returncode == 0, done.stderr
    assert_runs(host, "2.0")


def test_a_version_for_which_the_room_ends_while_it_is_unpacked_goes_and_the_former_is_back(
    host: Machine,
) -> None:
    make(host, "2.0", content=LARGE)
    publish(host)
    on_small_disk(host, PROGRAM)
    done = host.run(text=versions("2.0"))
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "the former set is back" in done.stderr
    assert_runs(host, "1.0")


def test_a_security_update_without_room_ends_the_run_and_comes_once_there_is_some(host: Machine) -> None:
    install(host, "1.0", "libx")
    host.command("apt-mark", "unhold", "libx")
    host.command("sh", "-c", f"rm -f {REPOSITORY}/*.deb")
    make(host, "1.1", name="libx", content=LARGE)
    publish(host, "stable-security")
    on_small_disk(host, LIBRARY)
    wanted = versions("1.0", security={"generation": 2, "window": None})
    done = host.run(text=wanted)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert_runs(host, "1.0")
    host.command("umount", LIBRARY)
    done = host.run(text=wanted)
    assert done.returncode == 0, done.stderr
    assert installed(host, "libx") == "install ok installed 1.1"
    assert_runs(host, "1.0")


def test_a_secret_without_room_stays_as_it_was_and_comes_once_there_is_some(
    machine: Machine, cloud: FakeAws
) -> None:
    machine.cloud_port = cloud.server.server_port
    content = {"kind": "value", "field": "key"}
    secret = {"arn": "arn", "file": KEY, "mode": "0600", "owner": "root:root", "change": "restart:app"}
    aws = {"region": "eu-central-1", "secrets": [{**secret, "content": content}]}
    files = {
        "/etc/app/app.conf": ("own\n", "reload:app"),
        "/etc/emqx-haproxy/aws.json": (json.dumps(aws) + "\n", "none"),
    }
    cloud.secrets["arn"] = {"key": "former\n"}
    on_small_disk(machine, "/etc/app")
    assert machine.run(text=file_set(files)).returncode == 0
    fill(machine, "/etc/app")
    cloud.secrets["arn"] = {"key": "new\n" * 10_000}
    done = machine.run(text=file_set(files))
    assert done.returncode == 1
    assert "refused, nothing was changed: [Errno 28] No space left on device" in done.stderr
    assert machine.read(KEY) == "former\n"
    assert json.loads(machine.run("--check").stdout) == {}
    machine.path("/etc/app/filler").unlink()
    done = machine.run(text=file_set(files))
    assert done.returncode == 0, done.stderr
    assert machine.read(KEY) == "new\n" * 10_000
