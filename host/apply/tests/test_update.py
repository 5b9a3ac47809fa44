"""What a later file set does to a running host."""

import json
import threading

from machine import FOLDER, Machine, file_set

CONF = "/etc/app/app.conf"
MORE = "/etc/app/more.conf"
OLD = file_set({CONF: ("old\n", "reload:app")})
NEW = file_set({CONF: ("new\n", "reload:app"), MORE: ("more\n", "restart:app")})


def test_a_changed_file_is_swapped_and_its_unit_reloaded(machine: Machine) -> None:
    machine.run(text=OLD)
    machine.calls()
    done = machine.run(text=file_set({CONF: ("new\n", "reload:app")}))
    assert done.returncode == 0, done.stderr
    assert f"changed {CONF}" in done.stdout
    assert machine.calls() == ["reload-or-restart app"]
    assert machine.read("/run/loaded") == "new\n"
    assert machine.path(CONF).stat().st_mode & 0o777 == 0o640


def test_a_changed_set_starts_and_enables_what_was_stopped(machine: Machine) -> None:
    machine.run(text=OLD)
    for kind in ("running", "enabled"):
        machine.path(f"/run/units/{kind}/app").unlink()
        machine.calls()
        new = file_set({CONF: ("old\n", "reload:app"), MORE: (f"not {kind}\n", "none")})
        assert machine.run(text=new).returncode == 0
        assert machine.units(kind) == {"app"}
        assert machine.calls() == ["enable --now app"]


def test_the_same_set_again_touches_nothing(machine: Machine) -> None:
    machine.run(text=NEW)
    machine.calls()
    done = machine.run(text=NEW)
    assert (done.stdout, machine.calls()) == ("unchanged\n", [])


def test_the_same_set_again_starts_and_enables_what_was_stopped(machine: Machine) -> None:
    machine.run(text=NEW)
    machine.path("/run/units/running/app").unlink()
    assert machine.run(text=NEW).returncode == 0
    assert machine.units("running") == {"app"}
    machine.path("/run/units/enabled/app").unlink()
    assert machine.run(text=NEW).returncode == 0
    assert machine.units("enabled") == {"app"}


def test_the_same_set_again_on_a_host_that_is_not_well_fails_with_what_is_wrong(machine: Machine) -> None:
    sick = file_set(
        {CONF: ("x\n", "none")}, health=["sh", "-c", "test ! -e /run/sick || { echo it is; exit 1; }"]
    )
    machine.run(text=sick)
    machine.write("/run/sick", "")
    done = machine.run(text=sick)
    assert done.returncode == 1
    assert "this host is not well: not healthy after 1 s" in done.stderr
    assert "it is" in done.stderr
    assert json.loads(machine.run("--check").stdout) == {}


def test_the_strongest_change_of_a_unit_wins_and_comes_once(machine: Machine) -> None:
    machine.run(text=OLD)
    machine.calls()
    unit = "/etc/systemd/system/app.service"
    machine.run(
        text=file_set({CONF: ("new\n", "reload:app"), MORE: ("m\n", "restart:app"), unit: ("u\n", "none")})
    )
    assert machine.calls() == ["daemon-reload", "restart app", "enable --now app"]


def test_a_file_that_its_unit_takes_while_it_runs_costs_no_reload(machine: Machine) -> None:
    machine.run(text=runtime("old\n", takes=True))
    machine.calls()
    machine.path("/run/told").unlink()
    assert machine.run(text=runtime("new\n", takes=True)).returncode == 0
    assert machine.read("/run/told") == f"load {CONF}\nloaded {CONF}\n"
    assert machine.calls() == []


def test_a_file_that_it_does_not_take_costs_a_reload_before_it_is_in_force(machine: Machine) -> None:
    machine.run(text=runtime("old\n", takes=False))
    machine.calls()
    machine.path("/run/told").unlink()
    assert machine.run(text=runtime("new\n", takes=False)).returncode == 0
    assert machine.read("/run/told") == f"load {CONF}\nloaded {CONF} new\n"
    assert machine.calls() == ["reload-or-restart app"]


def runtime(conf: str, takes: bool) -> str:
    """A set whose unit is handed its file by a command, which notes what it is told, and what is loaded."""
    tell = (
        'verb=$1; was=$(cat /run/loaded); [ "$was" = new ] || was=;'
        ' echo "$*${was:+ $was}" >>/run/told; [ $verb = loaded ]'
    )
    command = ["sh", "-c", f"{tell} || {'true' if takes else 'false'}", "tell"]
    return file_set({CONF: (conf, "runtime:app")}, runtime={"app": command})


def test_a_file_that_left_the_set_is_removed_and_its_unit_told(machine: Machine) -> None:
    machine.run(text=NEW)
    machine.calls()
    done = machine.run(text=OLD)
    assert f"removed {MORE}" in done.stdout
    assert machine.read(MORE) is None
    assert "restart app" in machine.calls()
    assert machine.read("/run/loaded") == "old\n"


def test_a_set_that_its_own_check_refuses_touches_nothing(machine: Machine) -> None:
    machine.run(text=OLD)
    machine.calls()
    # The check sees the staged files at their real paths, and not the one that is to go.
    check = ["sh", "-c", f"cat {CONF} {MORE}; test ! -e /etc/app/gone.conf && false"]
    done = machine.run(
        text=file_set({CONF: ("new\n", "reload:app"), MORE: ("more\n", "none")}, validate=[check])
    )
    assert done.returncode == 1
    assert "refused, nothing was changed" in done.stderr
    assert "new\nmore\n" in done.stderr
    assert (machine.read(CONF), machine.read(MORE), machine.calls()) == ("old\n", None, [])


def test_a_staged_file_may_lie_in_a_folder_that_does_not_exist_yet(machine: Machine) -> None:
    machine.run(text=OLD)
    deep = "/etc/app/deep/er/file"
    done = machine.run(
        text=file_set({CONF: ("old\n", "none"), deep: ("x\n", "none")}, validate=[["cat", deep, CONF]])
    )
    assert done.returncode == 0, done.stderr
    assert machine.read(deep) == "x\n"


def test_a_check_writes_where_it_would_though_a_folder_beside_is_new(machine: Machine) -> None:
    machine.run(text=OLD)
    new, made = "/etc/anew/conf.d/x.conf", "/etc/made-by-a-check"
    check = ["sh", "-c", f"cat {new} && touch {made}"]
    files = {CONF: ("old\n", "none"), new: ("x\n", "none")}
    done = machine.run(text=file_set(files, validate=[check, ["false"]]))
    assert done.returncode == 1
    assert not machine.path("/etc/anew").exists()
    assert machine.read(made) == ""
    assert machine.run(text=file_set(files, validate=[check])).returncode == 0
    assert machine.read(new) == "x\n"


def test_the_check_has_the_services_secret_environment(machine: Machine) -> None:
    machine.write("/etc/emqx-haproxy/secrets/app.env", 'PASSWORD="a \\"b"\n')
    check = ["sh", "-c", 'test "$PASSWORD" = \'a "b\'']
    assert machine.run(text=file_set({CONF: ("x\n", "none")}, validate=[check])).returncode == 0


def test_a_host_that_stays_unhealthy_gets_its_former_files_back(machine: Machine) -> None:
    machine.write(MORE, "a package's own\n")
    machine.run(text=OLD)
    health = ["sh", "-c", f"grep -q old {CONF} || {{ echo not serving; exit 1; }}"]
    done = machine.run(
        text=file_set({CONF: ("new\n", "reload:app"), MORE: ("more\n", "reload:app")}, health=health)
    )
    assert done.returncode == 1
    assert "not serving" in done.stderr
    assert "the former set is back" in done.stderr
    assert (machine.read(CONF), machine.read(MORE)) == ("old\n", "a package's own\n")
    assert machine.read("/run/loaded") == "old\na package's own\n"
    assert machine.run(text=OLD).stdout == "unchanged\n"


def test_a_unit_that_cannot_load_gets_its_former_files_back(machine: Machine) -> None:
    machine.run(text=OLD)
    done = machine.run(text=file_set({CONF: ("unloadable\n", "reload:app")}))
    assert done.returncode == 1
    assert "app: cannot load" in done.stderr
    assert machine.read(CONF) == "old\n"


def test_health_is_waited_for(machine: Machine) -> None:
    machine.run(text=OLD)
    health = ["sh", "-c", "test -e /run/second-time || { touch /run/second-time; exit 1; }"]
    assert machine.run(text=file_set({CONF: ("new\n", "reload:app")}, health=health)).returncode == 0


def test_a_check_that_hangs_refuses_the_set_and_its_children_end(machine: Machine) -> None:
    machine.run(text=OLD)
    for name in ("services", "staging"):
        text = machine.read(f"{FOLDER}/apply/{name}.py") or ""
        machine.write(
            f"{FOLDER}/apply/{name}.py", text.replace("run_whole(command, 60,", "run_whole(command, 1,")
        )
    check = ["sh", "-c", "sleep 987 & echo $! >/run/child; sleep 987"]
    done = machine.run(text=file_set({CONF: ("new\n", "reload:app")}, validate=[check]))
    assert done.returncode == 1
    assert "no end within 1 s" in done.stderr
    assert machine.read(CONF) == "old\n"
    child = (machine.read("/run/child") or "").strip()
    assert machine.command("grep", "-q", "State:.[^Z]", f"/proc/{child}/status").returncode != 0


def test_settings_that_lack_something_are_a_reason_and_no_traceback(machine: Machine) -> None:
    machine.run(text=OLD)
    for settings in ("{}\n", "[]\n", "no json\n"):
        before, _, _ = OLD.partition("=== /etc/emqx-haproxy/apply.json")
        header = "=== /etc/emqx-haproxy/apply.json mode=0640 owner=root:root change=none\n"
        done = machine.run(text=before + header + settings)
        assert done.returncode == 1
        assert "refused, nothing was changed: " in done.stderr
        assert "Traceback" not in done.stderr
        assert json.loads(machine.run("--check").stdout) == {}


def test_an_undo_goes_on_where_one_step_of_it_fails(machine: Machine) -> None:
    machine.packages("app", "other")
    unloadable = file_set({CONF: ("old\n", "reload:app"), MORE: ("old\n", "reload:nowhere")})
    machine.run(text=OLD)
    machine.write("/var/lib/emqx-haproxy/current.set", unloadable)
    machine.write(MORE, "old\n")
    done = machine.run(
        text=file_set({CONF: ("unloadable\n", "reload:app"), MORE: ("new\n", "reload:nowhere")})
    )
    assert done.returncode == 1
    assert "putting the former set back: systemctl reload-or-restart nowhere" in done.stderr
    assert (machine.read(CONF), machine.read(MORE), machine.read("/run/loaded")) == (
        "old\n",
        "old\n",
        "old\nold\n",
    )


def test_what_is_no_set_is_refused_with_what_a_set_is(machine: Machine) -> None:
    for text in (
        "",
        "hello\n",
        "=== /etc/x mode=0644\nx\n",
        OLD + "=== /etc/x mode=0644 owner=root:root change=bang\n",
    ):
        done = machine.run(text=text)
        assert done.returncode == 1
        assert "refused" in done.stderr or "not a file set" in done.stderr


def test_differences_from_the_current_set_are_shown(machine: Machine) -> None:
    machine.run(text=NEW)
    assert json.loads(machine.run("--check").stdout) == {}
    machine.write(CONF, "edited by hand\n")
    machine.path(MORE).unlink()
    found = json.loads(machine.run("--check").stdout)
    assert found.keys() == {CONF, MORE}
    assert found[MORE]["found"] is None
    assert len(found[CONF]["expected"]) == 64
    assert found[CONF]["found"] != found[CONF]["expected"]
    machine.run(text=NEW)
    assert json.loads(machine.run("--check").stdout) == {}


def test_two_runs_at_once_follow_one_another(machine: Machine) -> None:
    sets = [file_set({CONF: (f"{n}\n", "reload:app"), MORE: (f"{n}\n", "reload:app")}) for n in range(4)]
    threads = [threading.Thread(target=machine.run, kwargs={"text": text}) for text in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.read(CONF) == machine.read(MORE)
    assert machine.read("/run/loaded") == f"{machine.read(CONF)}{machine.read(MORE)}"
    assert json.loads(machine.run("--check").stdout) == {}


def test_a_run_killed_at_any_step_is_finished_by_the_next(machine: Machine) -> None:
    steps = 0
    while kill(machine, NEW, steps) != 0:
        assert machine.run(text=NEW).returncode == 0
        assert (machine.read(CONF), machine.read(MORE)) == ("new\n", "more\n")
        assert_settled(machine)
        steps += 1
    assert 10 < steps < 100


def test_a_run_killed_at_any_step_is_undone_by_the_former_set(machine: Machine) -> None:
    steps = 0
    while kill(machine, NEW, steps) != 0:
        assert machine.run(text=OLD).returncode == 0
        assert machine.read(CONF) == "old\n"
        assert_settled(machine)
        steps += 3
    assert 10 < steps < 100


def test_a_kill_while_the_former_set_is_put_back_is_mended_too(machine: Machine) -> None:
    bad = file_set(
        {CONF: ("new\n", "reload:app")}, health=["grep", "-q", "old", CONF], healthTimeoutSeconds=0
    )
    steps = 0
    while kill(machine, bad, steps) != 1:
        assert machine.run(text=OLD).returncode == 0
        assert machine.read(CONF) == "old\n"
        assert_settled(machine)
        steps += 3
    assert 10 < steps < 100


def kill(machine: Machine, text: str, step: int) -> int:
    """From the former set and a package's own file, a run that dies at a step; its exit code."""
    machine.run(text=OLD)
    machine.write(MORE, "a package's own\n")
    machine.write("/run/loaded", "old\na package's own\n")
    return machine.run(text=text, kill_at=step).returncode


def assert_settled(machine: Machine) -> None:
    """The service runs what lies on disk, and nothing of the killed run is left."""
    assert machine.read("/run/loaded") == f"{machine.read(CONF)}{machine.read(MORE) or ''}"
    assert machine.read("/var/lib/emqx-haproxy/journal.json") is None
    assert list(machine.path("/etc/app").glob(".*")) == []
    assert json.loads(machine.run("--check").stdout) == {}


def test_an_outcome_that_cannot_be_read_keeps_nobody_from_changing_this_host(machine: Machine) -> None:
    machine.run(text=OLD)
    machine.write("/var/lib/emqx-haproxy/outcome.json", "{")
    done = machine.run(text=NEW)
    assert done.returncode == 0, done.stderr
    assert "how the run before ended cannot be read" in done.stderr
    assert machine.run(text=NEW).stderr == ""
