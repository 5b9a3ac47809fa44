"""A package in another version on a running host: put in quietly, in force after a restart, or taken back."""

import json
import sys

import pytest
from archive import CACHE, CONF, POLICY, REPOSITORY, cached, make, offer_second, publish, versions
from machine import FOLDER, Machine

ONE = versions("1.0")
TWO = versions("2.0")


@pytest.fixture
def host(machine: Machine) -> Machine:
    """It runs the first version, and the repository has the second only."""
    offer_second(machine)
    done = machine.run(text=ONE)
    assert done.returncode == 0, done.stderr
    machine.calls()
    return machine


def state(machine: Machine) -> tuple[str, str, str]:
    """The version that is installed and how, the one that runs, and what its configuration is."""
    query = ["dpkg-query", "--show", "--showformat", "${Status} ${Version}", "app"]
    shown = machine.command(*query).stdout
    return shown, (machine.read("/run/app-version") or "").strip(), machine.read(CONF) or ""


def assert_settled(machine: Machine, version: str) -> None:
    assert state(machine) == (f"hold ok installed {version}", version, "own\n")
    assert machine.path(CONF).stat().st_uid == 0
    assert machine.path(CONF).stat().st_mode & 0o777 == 0o640
    assert json.loads(machine.run("--check").stdout) == {}
    assert machine.read(POLICY) is None
    assert machine.read("/var/lib/emqx-haproxy/journal.json") is None
    assert machine.units("running") == {"app"}


def test_another_version_is_installed_held_and_in_force_after_one_restart(host: Machine) -> None:
    done = host.run(text=TWO)
    assert done.returncode == 0, done.stderr
    assert "installing app 2.0" in done.stdout
    assert_settled(host, "2.0")
    assert host.calls() == ["daemon-reload", "restart app", "enable --now app"]
    assert host.run(text=TWO).stdout == "unchanged\n"


def test_the_package_in_force_is_kept_to_go_back_to(host: Machine) -> None:
    assert cached(host) == ["app_1.0_all.deb"]
    assert host.run(text=TWO).returncode == 0
    assert cached(host) == ["app_2.0_all.deb"]


def test_without_a_version_the_installed_one_stays(host: Machine) -> None:
    assert host.run(text=TWO).returncode == 0
    done = host.run(text=versions(None))
    assert done.returncode == 0, done.stderr
    assert state(host)[0] == "hold ok installed 2.0"


def test_a_service_that_may_not_run_meanwhile_is_stopped_before(host: Machine) -> None:
    done = host.run(text=versions("2.0", stopped=True))
    assert done.returncode == 0, done.stderr
    assert host.calls() == ["stop app", "daemon-reload", "restart app", "enable --now app"]
    assert_settled(host, "2.0")


@pytest.mark.parametrize("stopped", [False, True])
def test_a_version_that_does_not_start_goes_and_the_former_is_back(host: Machine, stopped: bool) -> None:
    make(host, "3.0", content=" broken")
    publish(host)
    done = host.run(text=versions("3.0", stopped=stopped))
    assert done.returncode == 1
    assert "app: cannot start" in done.stderr
    assert "the former set is back" in done.stderr
    assert_settled(host, "1.0")
    assert host.run(text=ONE).stdout == "unchanged\n"


def test_a_version_that_is_not_well_goes_though_nothing_can_be_fetched_any_more(host: Machine) -> None:
    lost = f"grep -q 1.0 /run/app-version || {{ rm -rf {REPOSITORY}; echo not well; exit 1; }}"
    done = host.run(text=versions("2.0", health=["sh", "-c", lost]))
    assert done.returncode == 1
    assert "not well" in done.stderr
    assert_settled(host, "1.0")


def test_the_new_version_judges_the_files_before_a_service_sees_it(host: Machine) -> None:
    judge = ["sh", "-c", "grep -q 1.0 /usr/lib/app/version || { echo unknown word in app.conf; exit 1; }"]
    done = host.run(text=versions("2.0", validate=[judge]))
    assert done.returncode == 1
    assert "unknown word in app.conf" in done.stderr
    assert "restart app" not in host.calls()
    assert_settled(host, "1.0")


def test_a_version_that_may_not_follow_is_refused_with_the_reason(host: Machine) -> None:
    guard = ("sh", "-c", 'echo "no way from $1 to $2"; exit 1', "guard")
    done = host.run(text=versions("2.0", guard=guard))
    assert done.returncode == 1
    assert "refused, nothing was changed: app: no way from 1.0 to 2.0" in done.stderr
    assert host.calls() == []
    assert_settled(host, "1.0")


def test_a_version_that_no_repository_has_is_refused(host: Machine) -> None:
    done = host.run(text=versions("9.0"))
    assert done.returncode == 1
    assert "refused, nothing was changed" in done.stderr
    assert "9.0" in done.stderr
    assert_settled(host, "1.0")


def test_a_version_whose_former_package_is_lost_is_refused(host: Machine) -> None:
    host.command("sh", "-c", f"rm {CACHE}/*")
    done = host.run(text=TWO)
    assert done.returncode == 1
    assert "app 1.0 could not be put back, since its package is nowhere any more" in done.stderr
    assert f"put it into {CACHE}" in done.stderr
    assert_settled(host, "1.0")


def test_a_package_that_is_not_there_comes_with_a_new_host_only(host: Machine) -> None:
    done = host.run(text=TWO.replace('"name": "app"', '"name": "app-enterprise"'))
    assert done.returncode == 1
    assert "app-enterprise is not installed here" in done.stderr
    assert "raise imageGeneration" in done.stderr
    assert_settled(host, "1.0")


def test_the_policy_of_others_is_there_again(host: Machine) -> None:
    host.program(POLICY, "#!/bin/sh\nexit 0\n")
    assert host.run(text=TWO).returncode == 0
    assert host.read(POLICY) == "#!/bin/sh\nexit 0\n"


def test_a_run_killed_at_any_step_is_finished_by_the_next(host: Machine) -> None:
    steps = 0
    while host.run(text=TWO, kill_at=steps).returncode != 0:
        done = host.run(text=TWO)
        assert done.returncode == 0, done.stderr
        assert_settled(host, "2.0")
        back(host)
        steps += 5
    assert steps > 40


def test_a_run_killed_at_any_step_is_undone_by_the_former_set(host: Machine) -> None:
    steps = 2
    while host.run(text=TWO, kill_at=steps).returncode != 0:
        done = host.run(text=ONE)
        assert done.returncode == 0, done.stderr
        assert_settled(host, "1.0")
        steps += 5
    assert steps > 40


def test_today_s_repository_is_read_beside_the_host_s_own(machine: Machine) -> None:
    machine.write("/etc/apt/sources.list.d/own.list", "deb http://own.example.com x main\n")
    machine.write("/etc/apt/sources.list.d/emqx.list", "deb http://former.example.com x main\n")
    machine.write("/srv/key.asc", "a key\n")
    repository = {
        "name": "emqx",
        "url": "https://apt.example.com/debian",
        "keyUrl": "file:///srv/key.asc",
        "suite": "trixie",
        "component": "main",
    }
    script = (
        "from apply.apt import sources\nimport pathlib, subprocess\n"
        f"with sources([{repository}]) as options:\n"
        "    folder = options[1].split('=')[1]\n"
        "    for name in ('own.list', 'emqx.list', 'emqx.asc'):\n"
        "        print(pathlib.Path(folder, name).read_text().replace(folder, ''), end='')\n"
    )
    done = machine.command("env", f"PYTHONPATH={FOLDER}", sys.executable, "-c", script)
    assert done.stdout.splitlines() == [
        "deb http://own.example.com x main",
        "deb [signed-by=/emqx.asc] https://apt.example.com/debian trixie main",
        "a key",
    ], done.stderr


def back(machine: Machine) -> None:
    """It runs the first version again, whose package is in the repository now."""
    make(machine, "1.0")
    publish(machine)
    done = machine.run(text=ONE)
    assert done.returncode == 0, done.stderr


def test_an_install_that_ends_well_and_has_done_nothing_is_no_other_version(host: Machine) -> None:
    asks = 'case "$*" in *--download-only*|*update*|*download*) exec /usr/bin/apt-get "$@";; esac'
    host.program("/usr/local/sbin/apt-get", f"#!/bin/sh\n{asks}\n")
    done = host.run(text=TWO)
    assert done.returncode == 1
    assert "app is 1.0 after 2.0 was installed" in done.stderr
    assert_settled(host, "1.0")
