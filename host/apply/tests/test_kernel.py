"""Kernel settings follow the set in force, also when it is put back."""

from machine import Machine, file_set

from apply.kernel import keys_of

FILE = "/etc/sysctl.d/60-own.conf"
OLD = file_set({FILE: ("net.a = 1\n", "sysctl")})
NEW_FILE = {FILE: ("net.a = 2\nnet.b = 7\n", "sysctl"), "/etc/sysctl.d/70-more.conf": ("net.c=8\n", "sysctl")}
# A kernel that knows three keys, as files below /run/kernel.
SYSCTL = r"""#!/bin/sh
shift
case "$1" in
--values) cat "/run/kernel/$2" ;;
--write) test -e "/run/kernel/${2%%=*}" && echo "${2#*=}" >"/run/kernel/${2%%=*}" ;;
--system) sed -n 's/ *= */=/p' /etc/sysctl.d/*.conf | while IFS== read -r key value; do
  [ ! -e "/run/kernel/$key" ] || echo "$value" >"/run/kernel/$key"
done ;;
esac
"""


def kernel(machine: Machine) -> dict[str, str]:
    return {key: (machine.read(f"/run/kernel/net.{key}") or "").strip() for key in "abc"}


def begin(machine: Machine) -> None:
    """The former set in force, on a kernel with values of its own."""
    machine.program("/usr/local/sbin/sysctl", SYSCTL)
    for key in "abc":
        machine.write(f"/run/kernel/net.{key}", "0 0\n")
    assert machine.run(text=OLD).returncode == 0
    assert kernel(machine) == {"a": "1", "b": "0 0", "c": "0 0"}


def test_a_set_that_is_put_back_leaves_none_of_its_own(machine: Machine) -> None:
    begin(machine)
    sick = file_set({**NEW_FILE, "/etc/app/app.conf": ("sick\n", "reload:app")}, health=["false"])
    assert machine.run(text=sick).returncode == 1
    assert kernel(machine) == {"a": "1", "b": "0 0", "c": "0 0"}


def test_a_run_that_was_killed_with_it_in_force_is_undone_whole(machine: Machine) -> None:
    begin(machine)
    new = file_set(NEW_FILE)
    killed_with_it = 0
    for step in range(100):
        machine.run(text=new, kill_at=step)
        if machine.read("/var/lib/emqx-haproxy/current.set") == new:
            break
        killed_with_it += kernel(machine)["b"] == "7"
        # The next set does not pass: what was cut off is undone.
        assert machine.run(text=file_set({FILE: ("", "none")}, validate=[["false"]])).returncode == 1
        assert kernel(machine) == {"a": "1", "b": "0 0", "c": "0 0"}, step
    assert killed_with_it > 0
    assert kernel(machine) == {"a": "2", "b": "7", "c": "8"}


def test_keys_are_read_as_sysctl_reads_them() -> None:
    text = "# net.x = 1\n; net.y = 1\nnet.a=1\n -net.b = 2 3\nnet/ipv4/conf.d = 1\n\n"
    assert keys_of(text) == {"net.a", "net.b", "net/ipv4/conf.d"}


def test_a_value_that_does_not_go_back_is_told(machine: Machine) -> None:
    begin(machine)
    machine.program("/usr/local/sbin/sysctl", SYSCTL.replace("--write) test -e", "--write) false && test -e"))
    done = machine.run(text=file_set(NEW_FILE, health=["false"]))
    assert "putting the former set back: sysctl: not as before: net.b, net.c" in done.stderr
    machine.program("/usr/local/sbin/sysctl", SYSCTL)
    assert machine.run(text=OLD).returncode == 0
