"""Units that join a set, leave it, or whose files change."""

import json

from machine import Machine, file_set

CONF = "/etc/app/app.conf"
SYSTEM = "/etc/systemd/system"
EXTRA = f"{SYSTEM}/extra.service"
DROP_IN = f"{SYSTEM}/app.service.d/own.conf"
UNHEALTHY = {"health": ["false"], "healthTimeoutSeconds": 0}
WITHOUT = file_set({CONF: ("old\n", "reload:app")})


def with_extra(**settings: object) -> str:
    """A set that has one more unit."""
    files = {CONF: ("old\n", "reload:app"), EXTRA: ("ExecStart=extra\n", "restart:extra")}
    return file_set(files, enable=["app", "extra"], **settings)


def drop_in(text: str) -> str:
    """A set with what it adds to the unit of a package."""
    return file_set({CONF: ("old\n", "reload:app"), DROP_IN: (f"[Service]\n{text}", "restart:app")})


def assert_without(machine: Machine) -> None:
    """The host has not heard of the other unit."""
    assert machine.units("running") == machine.units("enabled") == {"app"}
    assert machine.read(EXTRA) is None
    assert json.loads(machine.run("--check").stdout) == {}
    assert machine.run(text=WITHOUT).stdout == "unchanged\n"


def test_a_unit_that_joins_is_started(machine: Machine) -> None:
    machine.run(text=WITHOUT)
    done = machine.run(text=with_extra())
    assert done.returncode == 0, done.stderr
    assert machine.units("running") == machine.units("enabled") == {"app", "extra"}


def test_a_unit_that_leaves_is_stopped_and_its_file_removed(machine: Machine) -> None:
    machine.run(text=with_extra())
    done = machine.run(text=WITHOUT)
    assert done.returncode == 0, done.stderr
    assert_without(machine)


def test_a_path_unit_joins_and_leaves_as_a_service_does(machine: Machine) -> None:
    machine.run(text=WITHOUT)
    path = f"{SYSTEM}/extra.path"
    files = {
        CONF: ("old\n", "reload:app"),
        path: ("[Path]\n", "restart:extra.path"),
        EXTRA: ("ExecStart=extra\n", "none"),
    }
    done = machine.run(text=file_set(files, enable=["app", "extra.path"]))
    assert done.returncode == 0, done.stderr
    assert machine.units("running") == machine.units("enabled") == {"app", "extra.path"}
    done = machine.run(text=WITHOUT)
    assert done.returncode == 0, done.stderr
    assert machine.read(path) is None
    assert_without(machine)


def test_a_unit_of_a_package_that_leaves_is_stopped(machine: Machine) -> None:
    machine.packages("app", "other")
    files = {CONF: ("old\n", "reload:app"), f"{SYSTEM}/other.service.d/own.conf": ("x\n", "restart:other")}
    machine.run(text=file_set(files, enable=["app", "other"]))
    assert machine.units("running") == {"app", "other"}
    done = machine.run(text=WITHOUT)
    assert done.returncode == 0, done.stderr
    assert_without(machine)


def test_a_unit_that_joined_a_set_that_was_put_back_is_gone(machine: Machine) -> None:
    machine.run(text=WITHOUT)
    done = machine.run(text=with_extra(**UNHEALTHY))
    assert done.returncode == 1
    assert "the former set is back" in done.stderr
    assert_without(machine)


def test_a_unit_that_left_a_set_that_was_put_back_runs_again(machine: Machine) -> None:
    machine.run(text=with_extra())
    done = machine.run(text=file_set({CONF: ("new\n", "reload:app")}, **UNHEALTHY))
    assert done.returncode == 1
    assert "the former set is back" in done.stderr
    assert machine.units("running") == machine.units("enabled") == {"app", "extra"}
    assert machine.run(text=with_extra()).stdout == "unchanged\n"


def test_a_unit_of_a_run_that_was_killed_is_gone_with_the_next_set(machine: Machine) -> None:
    machine.packages("app", "other")
    machine.run(text=WITHOUT)
    files = {CONF: ("old\n", "reload:app"), EXTRA: ("ExecStart=extra\n", "restart:extra")}
    killed = file_set(files, enable=["app", "extra", "other"])
    third = file_set({CONF: ("third\n", "reload:app")})
    step = joined = 0
    while machine.run(text=killed, kill_at=step).returncode != 0:
        joined += {"extra", "other"} <= machine.units("running")
        done = machine.run(text=third)
        assert done.returncode == 0, done.stderr
        assert machine.units("running") == machine.units("enabled") == {"app"}
        assert machine.read(EXTRA) is None
        assert machine.run(text=WITHOUT).returncode == 0
        step += 4
    assert joined > 0


def test_a_set_that_joins_an_unknown_unit_is_put_back(machine: Machine) -> None:
    machine.run(text=WITHOUT)
    done = machine.run(text=file_set({CONF: ("old\n", "reload:app")}, enable=["app", "nowhere"]))
    assert done.returncode == 1
    assert "Unit file nowhere.service does not exist" in done.stderr
    assert_without(machine)


def test_what_a_unit_does_later_is_changed_without_a_restart(machine: Machine) -> None:
    machine.run(text=drop_in("ExecStop=old\nLimitNOFILE=9\n"))
    machine.calls()
    done = machine.run(text=drop_in("ExecStop=\nExecStop=new\nExecReload=new\nLimitNOFILE=9\n"))
    assert done.returncode == 0, done.stderr
    assert machine.calls() == ["daemon-reload"]


def test_what_a_unit_runs_with_takes_a_restart(machine: Machine) -> None:
    machine.run(text=drop_in("ExecStop=old\nLimitNOFILE=9\n"))
    machine.calls()
    done = machine.run(text=drop_in("ExecStop=new\nLimitNOFILE=8\n"))
    assert done.returncode == 0, done.stderr
    assert machine.calls() == ["daemon-reload", "restart app"]


def test_a_restart_that_a_killed_run_owed_comes_though_the_next_set_would_not_ask(machine: Machine) -> None:
    before = drop_in("ExecStop=old\nLimitNOFILE=9\n")
    after = drop_in("ExecStop=new\nLimitNOFILE=9\n")
    step = owed = 0
    machine.run(text=before)
    while machine.run(text=drop_in("ExecStop=old\nLimitNOFILE=8\n"), kill_at=step).returncode != 0:
        owed += "LimitNOFILE=8" in (machine.read("/run/units/running/app") or "")
        done = machine.run(text=after)
        assert done.returncode == 0, done.stderr
        assert "LimitNOFILE=9" in (machine.read("/run/units/running/app") or "")
        machine.run(text=before)
        step += 4
    assert owed > 0


def test_a_set_that_is_refused_after_a_killed_run_undoes_that_run_and_no_more(machine: Machine) -> None:
    mine = "/etc/app/mine.conf"
    machine.write(mine, "a user's own\n")
    machine.run(text=WITHOUT)
    refused = file_set({CONF: ("x\n", "none"), mine: ("x\n", "none")}, validate=[["false"]])
    step = 0
    while machine.run(text=file_set({CONF: ("new\n", "reload:app")}), kill_at=step).returncode != 0:
        assert machine.run(text=refused).returncode == 1
        assert machine.read(mine) == "a user's own\n"
        # Of the set that is in force, whichever that is.
        assert json.loads(machine.run("--check").stdout) == {}
        assert machine.run(text=WITHOUT).returncode == 0
        step += 3
