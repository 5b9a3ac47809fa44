"""A disk that is full, at whatever moment: a set is whole in force, or not at all."""

import json

from machine import Machine, file_set

APP = "/var/lib/app"
PATHS = [f"{APP}/{name}.conf" for name in ("a", "b", "c")]
# Some files grow, so that they do not fit where the former ones did.
OLD = file_set({path: ("old\n" * 2000, "reload:app") for path in PATHS})
NEW = {path: ("new\n" * 20000, "reload:app") for path in PATHS}


def small_disk(machine: Machine) -> None:
    """All of /var/lib on an ext4 of 4 MiB, with the former set in force."""
    script = """
truncate --size 4M /run/disk && mkfs.ext4 -q -m 0 /run/disk && mount -o loop /run/disk /var/lib
mkdir /var/lib/app && ln -s /var/lib/app /etc/app
"""
    done = machine.command("sh", "-ec", script)
    assert done.returncode == 0, done.stderr
    assert machine.run(text=OLD).returncode == 0


def fill(machine: Machine, but_kib: int) -> None:
    """Until no more than that is free."""
    script = f"""
rm -f /var/lib/filler /var/lib/spare
head -c {but_kib * 1024} /dev/zero >/var/lib/spare
cat /dev/zero >/var/lib/filler 2>/dev/null || rm /var/lib/spare
"""
    assert machine.command("sh", "-ec", script).returncode == 0


def assert_is_old(machine: Machine) -> None:
    assert {machine.read(path) for path in PATHS} == {"old\n" * 2000}
    assert machine.read("/run/loaded") == "old\n" * 6000
    assert json.loads(machine.run("--check").stdout) == {}
    assert sorted(file.name for file in machine.path(APP).iterdir()) == ["a.conf", "b.conf", "c.conf"]
    state = {file.name for file in machine.path("/var/lib/emqx-haproxy").iterdir()}
    assert state - {"outcome.json"} == {"current.set", "lock", "stage"}


def test_a_set_that_does_not_fit_is_refused_and_leaves_nothing_wherever_room_ends(machine: Machine) -> None:
    small_disk(machine)
    refused = 0
    for free in range(0, 640, 64):
        fill(machine, free)
        done = machine.run(text=file_set(NEW))
        if done.returncode == 0:
            assert {machine.read(path) for path in PATHS} == {"new\n" * 20000}
            break
        assert "refused, nothing was changed: [Errno 28] No space left on device" in done.stderr
        assert_is_old(machine)
        refused += 1
    assert 3 < refused < 10


def test_a_set_that_does_not_do_is_put_back_though_the_disk_has_filled_up(machine: Machine) -> None:
    small_disk(machine)
    health = ["sh", "-c", f"grep -q old {PATHS[0]} || {{ cat /dev/zero >/var/lib/filler; exit 1; }}"]
    done = machine.run(text=file_set(NEW, health=health, healthTimeoutSeconds=0))
    assert done.returncode == 1
    assert "the former set is back" in done.stderr, done.stderr
    assert_is_old(machine)


def test_a_run_that_was_killed_is_undone_on_a_full_disk(machine: Machine) -> None:
    small_disk(machine)
    step = halves = 0
    while (killed := machine.run(text=file_set(NEW), kill_at=step)).returncode != 0:
        halves += "changed" in killed.stdout
        fill(machine, 0)
        done = machine.run(text=file_set({path: ("third\n" * 30000, "reload:app") for path in PATHS}))
        if machine.read("/var/lib/emqx-haproxy/current.set") == OLD:
            assert done.returncode == 1
            assert_is_old(machine)
        machine.command("rm", "-f", "/var/lib/filler")
        assert machine.run(text=OLD).returncode == 0
        step += 3
    assert halves > 2
