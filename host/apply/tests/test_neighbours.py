"""A service that the others of its kind cannot do without now."""

import pytest
from machine import ALONE, ASKED, Machine, asking, file_set

CONF = "/etc/app/app.conf"


def wanted(content: str, change: str = "restart:app", repair: int = 1) -> str:
    return file_set({CONF: (content, change)}, askBefore=asking("app"), repairGeneration=repair)


@pytest.fixture
def host(machine: Machine) -> Machine:
    assert machine.run(text=wanted("old\n")).returncode == 0
    assert machine.read(ASKED) is None
    machine.write(ALONE, "")
    machine.calls()
    return machine


def test_it_is_not_restarted_and_nothing_is_changed(host: Machine) -> None:
    done = host.run(text=wanted("new\n"))
    assert done.returncode == 1
    assert "refused, nothing was changed: other is away, or raise repairGeneration" in done.stderr
    assert (host.read(CONF), host.calls()) == ("old\n", [])
    host.path(ALONE).unlink()
    assert host.run(text=wanted("new\n")).returncode == 0
    assert host.calls() == ["restart app"]


def test_who_raises_the_generation_asks_nobody(host: Machine) -> None:
    assert host.run(text=wanted("new\n", repair=2)).returncode == 0
    assert host.calls() == ["restart app"]


def test_what_takes_no_restart_asks_nobody(host: Machine) -> None:
    assert (
        host.run(
            text=file_set({CONF: ("old\n", "none")}, askBefore=asking("app"), repairGeneration=1)
        ).returncode
        == 0
    )
    assert host.run(text=wanted("new\n", "reload:app")).returncode == 0
    assert host.read(ASKED) is None


def test_one_that_does_not_run_is_started_with_what_is_new(host: Machine) -> None:
    host.path("/run/units/running/app").unlink()
    assert host.run(text=wanted("new\n")).returncode == 0
    assert host.units("running") == {"app"}


def test_a_host_of_a_release_that_cannot_say_is_not_asked(machine: Machine) -> None:
    assert machine.run(text=file_set({CONF: ("old\n", "restart:app")})).returncode == 0
    machine.write(ALONE, "")
    assert machine.run(text=wanted("new\n")).returncode == 0


def test_what_a_killed_run_has_begun_is_finished(host: Machine) -> None:
    host.path(ALONE).unlink()
    step = 0
    while host.read(CONF) == "old\n":
        assert host.run(text=wanted("new\n"), kill_at=step).returncode != 0
        step += 1
    host.write(ALONE, "")
    assert host.run(text=wanted("new\n")).returncode == 0
    assert host.read(CONF) == "new\n"
