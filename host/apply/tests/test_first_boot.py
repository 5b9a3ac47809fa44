"""A new host, from one file and Secrets Manager."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator

import pytest
from fake_aws import FakeAws
from machine import FOLDER, Machine, file_set, programs

from apply.file_set import CURRENT

CONF = "/etc/app/app.conf"
KEY = "/etc/app/key"
SECRET = {"arn": "arn", "file": KEY, "mode": "0600", "owner": "root:root", "change": "restart:ssh"}
AWS = {"region": "eu-central-1", "secrets": [{**SECRET, "content": {"kind": "value", "field": "key"}}]}


FIRST = [
    "apply/__init__.py",
    "apply/file_set.py",
    "apply/first_boot.py",
    "apply/secret_files.py",
    "apply_config.py",
    "cloud/__init__.py",
    "cloud/aws.py",
]


@pytest.fixture
def world(machine: Machine, cloud: FakeAws) -> Iterator[tuple[Machine, FakeAws]]:
    """A host that has what user data unpacks, and the cloud's part of it."""
    for name in programs():
        if name not in FIRST:
            machine.path(f"{FOLDER}/{name}").unlink()
    machine.cloud_port = cloud.server.server_port
    cloud.secrets["arn"] = {"key": "s3cret\n"}
    cloud.secrets["programs"] = {"files": in_secret(packed(later=True))}
    yield machine, cloud


def installed() -> dict[str, str]:
    """Programs that do not wait long for Secrets Manager."""
    found = programs()
    found["apply/run.py"] = found["apply/run.py"].replace("SECRETS_SECONDS = 30", "SECRETS_SECONDS = 0")
    return found


def in_secret(text: str) -> str:
    """As the secret holds programs."""
    return base64.b85encode(zlib.compress(text.encode())).decode()


def packed(later: bool) -> str:
    """Those that user data brings, or those that come later."""
    return "".join(
        f"=== {FOLDER}/{name} mode=0644 owner=root:root change=none\n{text}"
        for name, text in installed().items()
        if (name not in FIRST) == later
    )


def boot_set(conf: str = "conf\n", **settings: object) -> str:
    """As it is in user data."""
    files = {CONF: (conf, "reload:app"), "/etc/emqx-haproxy/aws.json": (json.dumps(AWS) + "\n", "none")}
    return file_set(files, **settings) + packed(later=False)


def whole_set(conf: str = "conf\n", **settings: object) -> str:
    """As it comes over SSH."""
    return boot_set(conf, **settings) + packed(later=True)


def boot(machine: Machine, text: str) -> subprocess.CompletedProcess[str]:
    """The first boot, from user data that was made with today's programs."""
    machine.write("/run/boot.set", text)
    digest = hashlib.sha256(packed(later=True).encode()).hexdigest()
    return machine.run("--boot", "/run/boot.set", "programs", digest)


def test_a_new_host_gets_its_files_and_secrets_and_starts(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    done = boot(machine, boot_set(validate=[["grep", "-q", "s3cret", KEY]]))
    assert done.returncode == 0, done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("conf\n", "s3cret\n")
    assert machine.path(KEY).stat().st_mode & 0o777 == 0o600
    assert machine.calls() == ["daemon-reload", "restart ssh", "enable app", "restart app"]
    assert "s3cret" not in done.stdout + done.stderr


def test_a_new_host_can_be_logged_in_to_before_its_packages_and_programs_are_there(
    world: tuple[Machine, FakeAws],
) -> None:
    machine, cloud = world
    ssh = {**SECRET, "arn": "ssh", "file": "/etc/ssh/ssh_host_ed25519_key"}
    entries = [*AWS["secrets"], {**ssh, "content": {"kind": "value", "field": "key"}}]
    own = json.dumps({**AWS, "secrets": entries}) + "\n"
    machine.write("/run/boot.set", file_set({"/etc/emqx-haproxy/aws.json": (own, "none")}))
    cloud.secrets["ssh"] = {"key": "host key\n"}
    done = machine.run("--ssh-key", "/run/boot.set")
    assert done.returncode == 0, done.stderr
    assert machine.read("/etc/ssh/ssh_host_ed25519_key") == "host key\n"
    assert machine.calls() == ["restart ssh"]
    assert machine.read(KEY) is None


def test_a_first_boot_restarts_what_ran_before_with_other_settings(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    journal = file_set({"/etc/systemd/journald.conf.d/x.conf": ("[Journal]\n", "restart:systemd-journald")})
    assert boot(machine, boot_set() + journal).returncode == 0
    calls = machine.calls()
    assert calls.index("restart systemd-journald") < calls.index("restart app")


def test_after_its_first_boot_a_host_has_the_whole_set(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    assert boot(machine, boot_set()).returncode == 0
    assert machine.run(text=whole_set()).stdout == "unchanged\n"
    cloud.secrets["arn"] = {"key": "other\n"}
    done = machine.run(text=whole_set("new\n"))
    assert done.returncode == 0, done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("new\n", "other\n")


def test_programs_that_user_data_does_not_vouch_for_are_not_run(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    cloud.secrets["programs"]["files"] = in_secret(packed(later=True) + "import antigravity\n")
    done = boot(machine, boot_set())
    assert done.returncode == 1
    assert "first boot failed: programs has other programs (SHA-256 " in done.stderr
    assert machine.read(f"{FOLDER}/apply/services.py") is None
    assert machine.calls() == []


def test_a_secret_that_breaks_the_host_is_put_back(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    health = ["grep", "-q", "s3cret", KEY]
    assert boot(machine, boot_set(health=health)).returncode == 0
    cloud.secrets["arn"] = {"key": "wrong\n"}
    assert machine.run(text=whole_set(health=health)).returncode == 1
    assert machine.read(KEY) == "s3cret\n"


def test_without_its_secrets_a_running_host_refuses_the_set(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    boot(machine, boot_set())
    cloud.secrets["arn"] = {"another": "field"}
    done = machine.run(text=whole_set("new\n"))
    assert done.returncode == 1
    assert "arn has no field 'key'; it has ['another']" in done.stderr
    assert machine.read(CONF) == "conf\n"


def test_a_first_boot_that_fails_says_why(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    done = boot(machine, boot_set(validate=[["sh", "-c", "echo line 7 is wrong; exit 1"]]))
    assert done.returncode == 1
    assert "first boot failed" in done.stderr
    assert "line 7 is wrong" in done.stderr
    assert "restart app" not in machine.calls()


def test_a_first_boot_that_failed_is_taken_up_by_the_next_set(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    assert boot(machine, boot_set(validate=[["false"]])).returncode == 1
    assert machine.units("enabled") == set()
    # A package had started it with a configuration of its own.
    machine.write("/run/units/running/app", "")
    machine.calls()
    done = machine.run(text=whole_set())
    assert done.returncode == 0, done.stderr
    assert (machine.units("running"), machine.units("enabled")) == ({"app", "ssh"}, {"app"})
    assert machine.calls() == ["reload-or-restart app", "restart ssh", "enable --now app"]
    assert machine.run(text=whole_set()).stdout == "unchanged\n"


def test_a_first_boot_that_was_cut_off_is_taken_up_and_never_undone(world: tuple[Machine, FakeAws]) -> None:
    machine, _ = world
    text = boot_set()
    machine.write("/run/boot.set", text)
    digest = hashlib.sha256(packed(later=True).encode()).hexdigest()
    for step in (2, 9, 40):
        machine.run("--boot", "/run/boot.set", "programs", digest, kill_at=step)
        for name, program in installed().items():
            # As an `up` brings them.
            machine.write(f"{FOLDER}/{name}", program)
        assert machine.run(text=whole_set(validate=[["false"]])).returncode == 1
        done = machine.run(text=whole_set(health=["false"], healthTimeoutSeconds=0))
        assert "the next run goes on with this one" in done.stderr
        done = machine.run(text=whole_set())
        assert done.returncode == 0, done.stderr
        assert machine.read(CONF) == "conf\n"
        machine.path("/var/lib/emqx-haproxy/current.set").unlink()


def test_a_run_that_was_killed_is_undone_without_secrets_manager(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    assert boot(machine, boot_set()).returncode == 0
    step = halves = 0
    while (killed := machine.run(text=whole_set("new\n"), kill_at=step)).returncode != 0:
        halves += "changed" in killed.stdout
        cloud.faults["GetSecretValue"] = [(500, "InternalFailure")] * 9
        done = machine.run(text=whole_set("third\n", validate=[["false"]]))
        assert done.returncode == 1
        assert machine.read(CONF) == ("conf\n" if "conf\n" in (machine.read(CURRENT) or "") else "new\n")
        assert json.loads(machine.run("--check").stdout) == {}
        cloud.faults.clear()
        assert machine.run(text=whole_set()).returncode == 0
        step += 5
    assert halves > 1


def test_with_secrets_manager_away_other_files_change_and_secrets_stay(
    world: tuple[Machine, FakeAws],
) -> None:
    machine, cloud = world
    assert boot(machine, boot_set()).returncode == 0
    cloud.faults["GetSecretValue"] = [(500, "InternalFailure")] * 99
    done = machine.run(text=whole_set("new\n"))
    assert done.returncode == 0, done.stderr
    assert "InternalFailure: told to fail: secrets stay as they are" in done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("new\n", "s3cret\n")
    # What is asked for is a secret.
    assert fetch(machine).returncode == 1
    moved = json.dumps({**AWS, "secrets": []})
    assert machine.run(text=whole_set().replace(json.dumps(AWS), moved)).returncode == 0
    done = machine.run(text=whole_set("third\n"))
    assert "refused, nothing was changed: arn: InternalFailure" in done.stderr


def test_secrets_are_fetched_for_the_set_that_is_in_force_once_other_runs_are_done(
    world: tuple[Machine, FakeAws],
) -> None:
    machine, cloud = world
    assert boot(machine, boot_set()).returncode == 0
    slow = whole_set("new\n", health=["sh", "-c", "sleep 2"])
    other = threading.Thread(target=machine.run, kwargs={"text": slow})
    other.start()
    while machine.read(CONF) != "new\n":
        assert other.is_alive()
    cloud.secrets["arn"] = {"key": "other\n"}
    done = fetch(machine)
    other.join()
    assert done.returncode == 0, done.stderr
    assert (machine.read(CONF), machine.read(KEY)) == ("new\n", "other\n")


def fetch(machine: Machine) -> subprocess.CompletedProcess[str]:
    """What an `up` runs when a secret has changed."""
    return machine.command(sys.executable, f"{FOLDER}/fetch_secrets.py")


def test_programs_that_one_secret_has_no_room_for_come_from_several(world: tuple[Machine, FakeAws]) -> None:
    machine, cloud = world
    whole = cloud.secrets["programs"]["files"]
    cloud.secrets |= {"programs": {"files": whole[:1000]}, "programs-2": {"files": whole[1000:]}}
    machine.write("/run/boot.set", boot_set())
    digest = hashlib.sha256(packed(later=True).encode()).hexdigest()
    done = machine.run("--boot", "/run/boot.set", "programs,programs-2", digest)
    assert done.returncode == 0, done.stderr
    assert machine.read(f"{FOLDER}/apply/run.py") == installed()["apply/run.py"]
