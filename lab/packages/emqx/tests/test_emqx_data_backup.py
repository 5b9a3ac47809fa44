"""`emqx ctl data export` and `import`, on brokers that run: what goes from one cluster to another."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import tarfile

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node, basic, eventually

CONFIGURATION = "authentication = [{mechanism = password_based, backend = built_in_database}]\n"
USERS = "/authentication/password_based:built_in_database/users"
UNKNOWN = 0x87
BANNED = 0x8A
NOBODY_LISTENS = 0x10
EXPORTED = re.compile(r"^Data has been successfully exported to (\S+)\.$", re.M)


@pytest.fixture(scope="module")
def full(new_node: NewNode) -> Node:
    """A broker with data."""
    node = new_node()
    node.configure(CONFIGURATION)
    node.start()
    assert node.api("POST", USERS, {"user_id": "ann", "password": "secret-1"})[0] == 201
    assert node.api("POST", "/banned", {"as": "clientid", "who": "thief"})[0] == 200
    assert node.api("POST", "/banned", {"as": "clientid_re", "who": "^bad"})[0] == 200
    assert node.api("PUT", "/authorization/sources/file", rules('{allow, all, all, ["#"]}.'))[0] == 204
    with Client(node.address) as client:
        assert client.connect("sensor", "ann", "secret-1", clean=False, expiry=3600) == 0
        assert client.subscribe("waits/#") == [1]
        assert client.publish("kept/1", "value", retain=True) == NOBODY_LISTENS
    return node


@pytest.fixture(scope="module")
def pair(new_node: NewNode) -> list[Node]:
    """An empty cluster of two."""
    nodes = [new_node() for _ in range(2)]
    for node in nodes:
        node.configure(CONFIGURATION, seeds=[node.name for node in nodes])
        node.start(wait=False)
    for node in nodes:
        eventually(lambda node=node: node.ctl("cluster", "status").stdout.count("emqx@") == 2, 60)  # type: ignore[misc]
        node.await_running()
    return nodes


def rules(text: str) -> dict[str, str]:
    return {"type": "file", "rules": f"{text}\n{{deny, all}}.\n"}


def export(node: Node, *words: str) -> str:
    done = node.ctl("data", "export", *words)
    told = EXPORTED.search(done.stdout)
    assert told is not None, done.stdout
    return told[1]


def copied(source: Node, path: str, target: Node) -> str:
    content = subprocess.run(source.enter("cat", path), capture_output=True, check=True).stdout
    return laid(target, f"/tmp/{path.rpartition('/')[2]}", content)


def laid(node: Node, path: str, content: bytes) -> str:
    script = f"mkdir -p $(dirname {shlex.quote(path)}) && cat >{shlex.quote(path)}"
    subprocess.run(node.enter("sh", "-c", script), input=content, check=True)
    return path


def archive(name: str, files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()


def enter(node: Node, client_id: str, password: str = "secret-1") -> int:
    with Client(node.address) as client:
        return client.connect(client_id, "ann", password)


def test_what_was_exported_is_in_another_cluster_as_a_whole_and_sessions_are_not(
    full: Node, pair: list[Node]
) -> None:
    one = pair[0]
    assert enter(one, "c") == UNKNOWN
    status, key = full.api("POST", "/api_key", {"name": "monitoring", "enable": True})
    assert status in (200, 201)
    header = basic(key["api_key"], key["api_secret"])
    path = copied(full, export(full), one)
    done = one.ctl("data", "import", path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Data has been imported successfully.")
    for node in pair:
        assert node.http("GET", "/api/v5/nodes", headers=header)[0] == 200
        assert enter(node, "thief") == enter(node, "bad-1") == BANNED
        with Client(node.address) as client:
            assert client.connect("c", "ann", "secret-1") == 0
            assert client.subscribe("kept/#") == [1]
            assert client.message() == ("kept/1", "value")
        status, listed = node.api("GET", "/mqtt/retainer/messages?page=1&limit=10")
        assert (status, [message["topic"] for message in listed["data"]]) == (200, ["kept/1"])
        status, source = node.api("GET", "/authorization/sources/file")
        assert '{allow, all, all, ["#"]}.' in source["rules"]
    with Client(one.address) as client:
        assert client.connect("sensor", "ann", "secret-1", clean=False, expiry=3600) == 0
        assert not client.session_present
    assert done.stdout.splitlines()[:2] == [
        f'Importing data from "{path}"...',
        "Importing cluster configuration...",
    ]
    # Nothing of what was unpacked stays.
    assert one.run("ls", "/var/lib/emqx/backup").stdout == ""


def test_an_import_adds_to_what_is_there_and_overwrites_what_has_the_same_name(full: Node) -> None:
    path = export(full)
    assert full.api("PUT", f"{USERS}/ann", {"password": "other-1", "is_superuser": False})[0] == 200
    assert full.api("POST", USERS, {"user_id": "bob", "password": "secret-2"})[0] == 201
    full.ctl("data", "import", path)
    assert enter(full, "c") == 0
    assert full.api("GET", f"{USERS}/bob")[0] == 200


def test_an_export_names_all_tables_of_emqx_and_may_be_of_some(full: Node) -> None:
    done = full.ctl("data", "export", "--table-sets", "banned,builtin_authn", "--dir", "/tmp")
    assert [line for line in done.stdout.splitlines() if "table" in line] == [
        f"Exporting {name} database table..."
        for name in ("emqx_banned_rules", "emqx_banned", "emqx_authn_mnesia", "emqx_authn_scram_mnesia")
    ]
    told = EXPORTED.search(done.stdout)
    assert told is not None
    assert re.fullmatch(r"/tmp/emqx-export-\d{4}(-\d\d){5}\.\d{3}\.tar\.gz", told[1])
    name = told[1].rpartition("/")[2].removesuffix(".tar.gz")
    listed = full.run("tar", "-tzf", told[1]).stdout.splitlines()
    assert listed[:2] == [f"{name}/META.hocon", f"{name}/cluster.hocon"]


@pytest.mark.parametrize(
    ("words", "printed", "status"),
    [
        (("export", "--table-sets", "users"), "Invalid table sets: users", 0),
        (("export", "--root-keys", "nonsense"), "Invalid root keys: nonsense", 0),
        (("export", "--nonsense"), "[error] Data export failed, reason: ", 0),
        (("export", "--dir", "/nowhere"), 'Exporting data to "/nowhere/emqx-export-', 1),
        (("import", "/tmp/none.tar.gz"), '[error] Data import failed, reason: "backup file not found".', 0),
        (("import",), "Usage: emqx ctl", 0),
    ],
)
def test_what_goes_wrong_is_told_in_words_and_seldom_by_the_exit_code(
    broker: Node, words: tuple[str, ...], printed: str, status: int
) -> None:
    done = broker.ctl("data", *words)
    assert done.returncode == status
    assert printed in done.stdout
    assert "successfully" not in done.stdout


GOOD = {"META.hocon": 'edition = ce\nversion = "5.8.9"\n', "cluster.hocon": ""}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no archive", "Bad directory header"),
        (archive("b", GOOD)[:40], "Unexpected end of file"),
        (archive("other", GOOD), "all files in the archive must be under <backup name> directory"),
        (archive("b", {"cluster.hocon": ""}), "missing META.hocon"),
        (archive("b", {"META.hocon": 'edition = ee\nversion = "5.8.9"\n'}), "Enterprise data backup to EMQX"),
        (archive("b", {"META.hocon": 'edition = xe\nversion = "5.8.9"\n'}), "wrong EMQX edition value"),
        (archive("b", {"META.hocon": 'edition = ce\nversion = "five"\n'}), "wrong EMQX version value"),
        (
            archive("b", {"META.hocon": 'edition = ce\nversion = "5.9.0"\n'}),
            r"Backup version \"5.9.0\" is newer than EMQX version \"5.8.9\", import is not allowed.",
        ),
    ],
)
def test_an_archive_that_is_none_of_this_edition_and_line_is_refused(
    broker: Node, content: bytes, reason: str
) -> None:
    done = broker.ctl("data", "import", laid(broker, "/tmp/b.tar.gz", content))
    assert done.returncode == 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith("[error] Data import failed, reason: ")
    assert reason in last


def test_a_file_of_another_name_is_refused(broker: Node) -> None:
    done = broker.ctl("data", "import", laid(broker, "/tmp/b.zip", archive("b", GOOD)))
    assert "file name must have .tar.gz extension" in done.stdout


def test_a_table_that_cannot_be_read_is_passed_over_and_told(broker: Node) -> None:
    files = {**GOOD, "mnesia/emqx_app": "no table"}
    done = broker.ctl("data", "import", laid(broker, "/tmp/b.tar.gz", archive("b", files)))
    lines = done.stdout.splitlines()
    assert "No backup file for emqx_banned database table..." in lines
    assert "[error] Failed to import built-in database table: emqx_app, reason: " in done.stdout
    assert lines[-1] == "Data has been imported, but some errors occurred, see the log above."
