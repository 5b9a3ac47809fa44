"""What today's `up` does to a running host of a former release, also one that a killed run has left half way.

tests/upgrade runs this with SETS, a folder with a former and today's set of one host, and an `up`'s command.
"""

import json
import os
import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fake_aws import FakeAws
from machine import FOLDER, Machine

from apply.file_set import AWS, CURRENT, SETTINGS, parse

SETS = Path(os.environ["SETS"])
FORMER, GIVEN, COMMAND = ((SETS / name).read_text() for name in ("former.set", "today.set", "command"))
PROGRAMS = f"{FOLDER}/"
# By which a set that an `up` sends is known to be whole.
END = "=== end\n"
# What clients are connected to and must not be restarted. A release that must says why here, its cost in the
# changelog. Since 0.1.0 all three: HAProxy and Keepalived go by rights of their own, EMQX by who may connect.
SERVING: set[str] = set()
# Not every step: a killed run with the one after it takes a second. Balancers have other steps than brokers.
STRIDE = 31
UNITS = "/etc/systemd/system"
PLACES = (
    f"etc/haproxy etc/keepalived etc/emqx etc/emqx-haproxy .{UNITS} .{FOLDER} run/units var/lib/emqx-haproxy"
)


def own_secrets(text: str) -> list[dict[str, Any]]:
    """What the set's host fetches, beside its programs."""
    entries: list[dict[str, Any]] = json.loads(parse(text)[AWS].content)["secrets"]
    return entries


def with_health(text: str, command: list[str], seconds: int) -> str:
    """The set, with another way to ask whether the host is well."""
    own = parse(text)[SETTINGS].content.decode()
    changed = {**json.loads(own), "health": command, "healthTimeoutSeconds": seconds}
    return text.replace(own, json.dumps(changed) + "\n")


# No HAProxy and no EMQX run here, whose health today's set asks for.
TODAY = with_health(GIVEN.removesuffix(END), ["true"], 5)


class Host(Machine):
    """A host of a former release, running, as its own programs have left it."""

    def __init__(self, cloud: FakeAws) -> None:
        self.cloud_port = cloud.server.server_port
        # `up` has brought today's fields before it comes to the host.
        entries = [*own_secrets(FORMER), *own_secrets(TODAY)]
        for entry in entries:
            content = entry["content"]
            fields = [content["field"]] if content["kind"] == "value" else content["variables"].values()
            cloud.secrets.setdefault(entry["arn"], {}).update({name: f"its {name}\n" for name in fields})

    def __enter__(self) -> "Host":
        super().__enter__()
        self.packages("haproxy", "keepalived", "emqx", "ssh", "systemd-journald")
        self.program("/usr/local/sbin/sudo", '#!/bin/sh\nexec "$@"\n')
        for checker in (
            "/usr/sbin/haproxy",
            "/usr/sbin/keepalived",
            "/usr/bin/systemd-tmpfiles",
            "/usr/sbin/runuser",
        ):
            self.program(checker, "#!/bin/sh\nexit 0\n")
        # It has its packages, in the version that its set names.
        self.program("/usr/local/sbin/dpkg-query", "#!/bin/sh\necho 'installed 5.8.9'\n")
        # The suite has a network of its own.
        if address := re.search(r"^ *unicast_src_ip (\S+)$", TODAY, re.M):
            self.shell(f"ip address replace {address[1]}/32 dev lo")
        self.write("/etc/group", "root:x:0:\nhaproxy:x:990:\nemqx:x:991:\n")
        self.write("/run/emqx-haproxy/fault/haproxy", "0\n")
        self.shell(f"mkdir -p /run/haproxy /etc/haproxy /etc/keepalived /etc/emqx && rm -r {FOLDER}")
        for path, file in parse(FORMER).items():
            self.write(path, file.content.decode())
            self.path(path).chmod(file.mode)
            self.shell(f"chown {file.owner} {path}")
        self.write(CURRENT, FORMER)
        # Its secrets are still to come.
        done = self.by_its_own(FORMER)
        assert done.returncode == 0, done.stderr
        self.shell(f"python3 -m compileall -q {FOLDER} && cd / && tar cf /mnt/former.tar {PLACES}")
        self.calls()
        return self

    def shell(self, script: str) -> None:
        """Runs it as root."""
        done = self.command("sh", "-c", script)
        assert done.returncode == 0, done.stderr

    def restore(self) -> None:
        """Makes it that of the former release again."""
        self.shell(f"cd / && rm -rf {PLACES} && tar xf /mnt/former.tar")
        self.calls()

    def by_its_own(self, text: str, kill_at: int = -1) -> subprocess.CompletedProcess[str]:
        """The former release's program applies a set."""
        return self.command("/usr/bin/python3", f"{FOLDER}/apply_config.py", text=text, kill_at=kill_at)

    def up(self, text: str = TODAY, kill_at: int = -1) -> subprocess.CompletedProcess[str]:
        """What today's `up` runs on it, over two connections."""
        done = self.command("sh", "-c", COMMAND, text=text + END, kill_at=kill_at)
        if done.returncode == 0:
            digest = sha256(text.encode()).hexdigest()
            confirmed = self.command("/usr/bin/python3", f"{FOLDER}/apply_config.py", "--confirm", digest)
            assert confirmed.returncode == 0 or kill_at >= 0, confirmed.stderr
            if confirmed.returncode != 0:
                # Killed while it waited for that word: such an `up` has failed, too.
                return confirmed
        return done

    def found_programs(self) -> set[str]:
        """All that lies in the programs' folder, but for what Python has compiled of it."""
        root = self.path(FOLDER)
        found = {path for path in root.rglob("*") if path.is_file() or not any(path.iterdir())}
        caches = [path for path in found if path.parent.name == "__pycache__"]
        compiled = {path for path in caches if path.parent.parent / f"{path.name.split('.')[0]}.py" in found}
        return {PROGRAMS + str(path.relative_to(root)) for path in found - compiled}

    def assert_is(self, text: str) -> None:
        """It is what a set says, and nothing else: all files, programs, units that run."""
        assert self.read(CURRENT) == text
        files = parse(text)
        for path, file in files.items():
            assert self.path(path).read_bytes() == file.content, path
        assert self.found_programs() == {path for path in files if path.startswith(PROGRAMS)}
        for path in parse(FORMER).keys() | parse(TODAY).keys():
            assert self.path(path).exists() == (path in files), path
        enabled = set(json.loads(files[SETTINGS].content)["enable"])
        assert enabled <= self.units("running")
        assert self.units("enabled") == enabled
        # A service that clients are on is reloaded at most, and a disk is mounted once.
        for unit in enabled - SERVING - {"emqx-data"}:
            assert self.read(f"/run/units/running/{unit}") == self.read(f"/run/units/loaded/{unit}")
        assert self.read("/var/lib/emqx-haproxy/journal.json") is None
        self.assert_units_have_their_programs()

    def assert_units_have_their_programs(self) -> None:
        """Whatever starts, stops or reloads now, or after a reboot, runs a program that is there."""
        files = [*self.path("/run/units/loaded").iterdir(), *self.path(UNITS).rglob("*.service")]
        drop_ins = self.path(UNITS).rglob("emqx-haproxy.conf")
        for program in {program for file in [*files, *drop_ins] for program in named_in(file.read_text())}:
            assert self.path(program).exists(), program


def named_in(unit: str) -> set[str]:
    """The programs that a unit runs, in the layouts of all releases."""
    flat = re.findall(rf"{FOLDER}/\w+\.py", unit)
    in_packages = re.findall(rf"{FOLDER} ([\w.]+)", unit)
    return {*flat, *(f"{PROGRAMS}{name.replace('.', '/')}.py" for name in in_packages)}


@pytest.fixture
def host(cloud: FakeAws) -> Iterator[Host]:
    """With the agent of a broker beside it, which lets it have clients."""

    class Port(socketserver.TCPServer):
        allow_reuse_address = True

    class Agent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"up ready 100%\n")

    settings = parse(FORMER).get("/etc/emqx-haproxy/agent.json")
    port = json.loads(settings.content)["port"] if settings else 0
    with Port(("127.0.0.1", port), Agent) as agent:
        threading.Thread(target=agent.serve_forever, args=(0.01,), daemon=True).start()
        with Host(cloud) as made:
            yield made
        agent.shutdown()


def test_it_becomes_one_of_today_and_its_clients_notice_nothing(host: Host) -> None:
    host.assert_is(FORMER)
    done = host.up()
    assert done.returncode == 0, done.stderr
    host.assert_is(TODAY)
    calls = host.calls()
    restarted = {unit for verb, *units in map(str.split, calls) if verb == "restart" for unit in units}
    assert restarted & SERVING == set()
    assert host.up().stdout == "unchanged\n"
    assert host.by_its_own(TODAY).stdout == "unchanged\n"


def test_where_it_has_lost_its_programs_it_gets_them_back(host: Host) -> None:
    host.shell(f"rm -r {FOLDER}")
    done = host.up()
    assert done.returncode == 0, done.stderr
    host.assert_is(TODAY)


def test_where_it_is_not_well_with_today_s_set_it_is_as_before(host: Host) -> None:
    done = host.up(with_health(TODAY, ["false"], 0))
    assert done.returncode == 1
    assert "the former set is back" in done.stderr
    host.assert_is(FORMER)
    assert host.by_its_own(FORMER).stdout == "unchanged\n"
    assert host.up().returncode == 0
    host.assert_is(TODAY)


def test_an_up_that_is_killed_at_any_step_is_finished_by_the_next(host: Host) -> None:
    step = 0
    while (killed := host.up(kill_at=step)).returncode != 0:
        assert "refused" not in killed.stderr
        host.assert_units_have_their_programs()
        done = host.up()
        assert done.returncode == 0, done.stderr
        host.assert_is(TODAY)
        host.restore()
        step += STRIDE
    assert step > 5 * STRIDE


def test_a_killed_run_of_the_former_release_is_finished_too(host: Host) -> None:
    header = re.search(r"^=== /etc/(haproxy/haproxy[.]cfg|emqx/emqx[.]conf) .*\n", FORMER, re.M)
    assert header
    changed = FORMER.replace(header[0], f"{header[0]}# Another comment.\n")
    step = 0
    while host.by_its_own(changed, kill_at=step).returncode != 0:
        done = host.up()
        assert done.returncode == 0, done.stderr
        host.assert_is(TODAY)
        host.restore()
        step += 4
    assert step > 4
