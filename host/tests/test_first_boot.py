"""A new host, from one file and Secrets Manager."""

import json
from collections.abc import Iterator

import pytest
from fake_aws import FakeAws
from machine import PROGRAMS, Machine, file_set

CONF = "/etc/app/app.conf"
KEY = "/etc/app/key"
SECRET = {"arn": "arn", "file": KEY, "mode": "0600", "owner": "root:root", "change": "restart:ssh"}
AWS = {"region": "eu-central-1", "secrets": [{**SECRET, "content": {"kind": "value", "field": "key"}}]}


@pytest.fixture
def world(machine: Machine, cloud: FakeAws) -> Iterator[tuple[Machine, FakeAws]]:
    """A host that has apply_config.py alone, and the cloud's part of it."""
    for program in machine.path("/usr/local/lib/emqx-haproxy").iterdir():
        if program.name != "apply_config.py":
            program.unlink()
    machine.cloud_port = cloud.server.server_port
    cloud.secrets["arn"] = {"key": "s3cret\n"}
    yield machine, cloud


def boot_set(conf: str = "conf\n", later: bool = False, **settings: object) -> str:
    left_out = set() if later else {"update", "changes", "haproxy_runtime"}
    programs = {
        f"/usr/local/lib/emqx-haproxy/{path.name}": (path.read_text(), "none")
        for path in PROGRAMS.glob("*.py")
        if path.stem not in left_out
    }
    files = {CONF: (conf, "reload:app"), "/etc/emqx-haproxy/aws.json": (json.dumps(AWS) + "\n", "none")}
    return file_set({**files, **programs}, **settings)


def test_a_new_host_gets_its_files_and_secrets_and_starts(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    machine.write("/run/boot.set", boot_set(validate=[["grep", "-q", "s3cret", KEY]]))
    done = machine.run("--boot", "/run/boot.set")
    assert done.returncode == 0, done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("conf\n", "s3cret\n")
    assert machine.path(KEY).stat().st_mode & 0o777 == 0o600
    assert machine.calls() == ["daemon-reload", "restart ssh", "enable app", "restart app"]
    assert "s3cret" not in done.stdout + done.stderr


def test_the_first_set_that_comes_later_brings_what_applies_it(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    machine.write("/run/boot.set", boot_set())
    assert machine.run("--boot", "/run/boot.set").returncode == 0
    assert machine.read("/usr/local/lib/emqx-haproxy/update.py") is None
    cloud.secrets["arn"] = {"key": "other\n"}
    done = machine.run(text=boot_set("new\n", later=True))
    assert done.returncode == 0, done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("new\n", "other\n")
    assert machine.run(text=boot_set("new\n", later=True)).stdout == "unchanged\n"


def test_a_secret_that_breaks_the_host_is_put_back(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    health = ["grep", "-q", "s3cret", KEY]
    machine.write("/run/boot.set", boot_set(later=True, health=health))
    assert machine.run("--boot", "/run/boot.set").returncode == 0
    cloud.secrets["arn"] = {"key": "wrong\n"}
    assert machine.run(text=boot_set(later=True, health=health)).returncode == 1
    assert machine.read(KEY) == "s3cret\n"


def test_without_its_secrets_a_running_host_refuses_the_set(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    machine.write("/run/boot.set", boot_set(later=True))
    machine.run("--boot", "/run/boot.set")
    cloud.secrets["arn"] = {"another": "field"}
    done = machine.run(text=boot_set("new\n", later=True))
    assert done.returncode == 1
    assert "arn has no field 'key'; it has ['another']" in done.stderr
    assert machine.read(CONF) == "conf\n"


def test_a_first_boot_that_fails_says_why(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    machine.write("/run/boot.set", boot_set(validate=[["sh", "-c", "echo line 7 is wrong; exit 1"]]))
    done = machine.run("--boot", "/run/boot.set")
    assert done.returncode == 1
    assert "first boot failed" in done.stderr
    assert "line 7 is wrong" in done.stderr
    assert "restart app" not in machine.calls()
