"""A run in a unit of its own, which nobody listens to any more."""

import json
import subprocess
import sys

from machine import FOLDER, Machine, file_set
from waiting import until

CONF = "/etc/app/app.conf"
OUTCOME = "/var/lib/emqx-haproxy/outcome.json"
OLD = file_set({CONF: ("old\n", "reload:app")})
# Until somebody lets it be well.
SLOW = ["sh", "-c", "test -e /run/well || { echo not yet; exit 1; }"]


def start(machine: Machine, text: str) -> subprocess.Popen[str]:
    """As over SSH; the test holds the other end of both streams."""
    machine.write("/run/given.set", text)
    command = [sys.executable, f"{FOLDER}/apply_config.py", "--apart", "/run/given.set", "ann from 192.0.2.7"]
    enter = ["nsenter", "--mount", "--root", "--wd", "--target", str(machine.process.pid), *command]
    environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.Popen(
        enter,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_who_listens_is_told_all_of_it_and_the_next_run_says_no_more_of_it(machine: Machine) -> None:
    machine.run(text=OLD)
    run = start(machine, file_set({CONF: ("new\n", "reload:app")}))
    said, complained = run.communicate(timeout=60)
    assert (run.returncode, complained) == (0, "")
    assert said == f"changed {CONF}\nsystemctl reload-or-restart app\n"
    assert machine.read(CONF) == "new\n"
    assert machine.read(OUTCOME) is None
    assert [path.name for path in machine.path("/run").glob("emqx-haproxy-run-*")] == []


def test_its_exit_code_and_its_reasons_come_through(machine: Machine) -> None:
    machine.run(text=OLD)
    run = start(machine, file_set({CONF: ("unloadable\n", "reload:app")}))
    _, complained = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "app: cannot load" in complained
    assert machine.read(CONF) == "old\n"


def test_a_run_whose_listener_is_gone_ends_by_itself_and_the_next_tells_how(machine: Machine) -> None:
    machine.run(text=OLD)
    run = start(machine, file_set({CONF: ("new\n", "reload:app")}, health=SLOW, healthTimeoutSeconds=60))
    until(lambda: machine.read(CONF) == "new\n", 30)
    for stream in (run.stdout, run.stderr):
        assert stream is not None
        stream.close()
    machine.write("/run/well", "")
    run.wait(60)
    assert json.loads(machine.run("--check").stdout) == {}
    done = machine.run(text=OLD)
    assert done.returncode == 0, done.stderr
    assert "the run before, started by ann from 192.0.2.7, ended at " in done.stderr
    assert "its set is in force" in done.stderr
    assert machine.run(text=OLD).stderr == ""


def test_a_run_is_undone_though_all_that_waited_for_it_were_killed(machine: Machine) -> None:
    machine.run(text=OLD)
    run = start(machine, file_set({CONF: ("new\n", "reload:app")}, health=SLOW, healthTimeoutSeconds=3))
    until(lambda: machine.read(CONF) == "new\n", 30)
    run.kill()
    run.wait()
    until(lambda: machine.read(OUTCOME) is not None, 30)
    assert machine.read(CONF) == "old\n"
    done = machine.run(text=OLD)
    assert "not healthy after 3 s" in done.stderr
    assert "the former set is back" in done.stderr


def test_a_secret_is_fetched_by_a_run_of_its_own_too(machine: Machine) -> None:
    machine.run(text=OLD)
    machine.path("/run/units/running/app").unlink()
    done = machine.command(sys.executable, f"{FOLDER}/fetch_secrets.py")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "unchanged"), done.stderr
    assert machine.units("running") == {"app"}
