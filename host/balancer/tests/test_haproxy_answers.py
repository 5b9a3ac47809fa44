"""HAProxy's answers in the forms of its releases; test_closer and tests/dataplane ask real ones."""

import pytest

from balancer import broker_states
from balancer.haproxy_answers import (
    Misread,
    Processes,
    Session,
    entries,
    identity,
    processes,
    sessions,
    statistics,
    tables,
)

# As src/mworker.c of 2.4 to 2.4.30 and of 2.6 to 3.0 prints it: 2.4.0 and 2.6.12 said this.
SHOW_PROC = {
    "2.4": """\
#<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>
14598           master          0               2               0d00h00m00s     2.4.0
# workers
14646           worker          1               0               0d00h00m00s     2.4.0
# old workers
14603           worker          [was: 1]        1               0d00h00m00s     2.4.0
14601           worker          [was: 1]        2               0d00h00m09s     2.4.0
# programs

""",
    "2.6": """\
#<PID>          <type>          <reloads>       <uptime>        <version>
14598           master          2 [failed: 0]   0d00h00m01s     2.6.12-1+deb12u4
# workers
14646           worker          0               0d00h00m01s     2.6.12-1+deb12u4
# old workers
14603           worker          1               0d00h00m01s     2.6.12-1+deb12u4
14601           worker          2               0d00h00m09s     2.6.12-1+deb12u4
# programs

""",
}
SESSION = "0x56040e5bcc30: proto=tcpv4 src=127.0.0.1:43830 fe=mqtt be=brokers srv=e0 ts=00 epoch=0x1 age=1s"
OWN = "0x7f64b80491a0: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s"


@pytest.mark.parametrize("version", SHOW_PROC)
def test_workers_are_told_apart_and_the_oldest_comes_first(version: str) -> None:
    assert processes(SHOW_PROC[version]) == Processes(["14646"], ["14601", "14603"], 2, 0)


def test_reloads_that_failed_are_counted() -> None:
    assert processes(SHOW_PROC["2.6"].replace("failed: 0", "failed: 2")).failed_reloads == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Unknown command\n",
        SHOW_PROC["2.6"].splitlines()[0],
        SHOW_PROC["2.6"].replace("14603           worker ", "14603           laborer"),
        SHOW_PROC["2.6"].replace("14603  ", "process"),
    ],
)
def test_processes_in_another_form_are_no_absence_of_processes(text: str) -> None:
    with pytest.raises(Misread):
        processes(text)


def test_sessions_are_read_wherever_an_answer_is_split() -> None:
    text = f"{SESSION}\n{OWN}\n{SESSION}\n\n"
    expected = [Session("0x56040e5bcc30", "127.0.0.1:43830", "brokers", "e0")] * 2
    for at in range(len(text)):
        assert list(sessions([text[:at], text[at:]])) == expected


@pytest.mark.parametrize("text", [SESSION.replace("src=", "from=") + "\n", SESSION, "Permission denied\n\n"])
def test_sessions_in_another_form_or_cut_short_are_no_absence_of_sessions(text: str) -> None:
    with pytest.raises(Misread):
        list(sessions([text]))


def test_columns_of_statistics_are_found_by_their_names() -> None:
    table = '# pxname,svname,desc,status,\nb,e0,"a, b",UP,\nb,e1,,DOWN,\n\n'
    assert statistics(table, ("svname", "status")) == [["e0", "UP"], ["e1", "DOWN"]]


@pytest.mark.parametrize(
    "table",
    ["", "\n", "# pxname,svname,\nb,e0,\n", "# pxname,svname,status,\nb,e0\n", "Permission denied\n"],
)
def test_statistics_in_another_form_or_cut_short_are_an_error(table: str) -> None:
    with pytest.raises(Misread):
        statistics(table, ("svname", "status"))


def test_a_session_is_known_by_its_client_and_its_broker() -> None:
    text = """0x56040e5bcc30: [27/Nov/2026:17:02:15.713581] id=1 proto=tcpv4 source=127.0.0.1:43830
  flags=0x4a, conn_retries=0, conn_exp=<NEVER> conn_et=0x000 srv_conn=0x56040e4f6cc0, pend_pos=(nil) waiting=0
  frontend=mqtt (id=2 mode=tcp), listener=? (id=1) addr=127.0.0.1:45673
  backend=brokers (id=3 mode=tcp) addr=127.0.0.1:53030
  server=e0 (id=1) addr=127.0.0.1:39233
"""
    assert identity(text) == Session("0x56040e5bcc30", "127.0.0.1:43830", "brokers", "e0")
    for gone in ("\n", "Session not found.\n\n", "Can't find the target PID matching the prefix '@!9'\n"):
        assert identity(gone) is None


@pytest.mark.parametrize(
    "text", ["Permission denied\n", "0x56040e5bcc30: [27/Nov] id=1 proto=tcpv4 from=there\n"]
)
def test_a_session_in_another_form_is_no_absence_of_it(text: str) -> None:
    with pytest.raises(Misread):
        identity(text)


def test_a_list_of_sessions_of_a_worker_that_has_ended_is_empty() -> None:
    assert list(sessions(["Can't find the target PID matching the prefix '@!9'\n"])) == []


def test_tables_and_their_entries_are_read() -> None:
    first, second = (f"# table: {name}, type: string, size:100, used:1\n" for name in ("a", "b-2"))
    assert tables(f"{first}{second}\n") == ["a", "b-2"]
    assert tables("\n") == []
    line = "0x5589: key=4A/127.0.0.1:5 use=1 exp=1000 gpc0=3\n"
    assert entries(f"{first}{line}\n") == [("4A/127.0.0.1:5", "use=1 exp=1000 gpc0=3")]


@pytest.mark.parametrize(
    "text", ["", "No such table\n", "Permission denied\n", "# table: a, type: ip\n0x5: ke=4A\n"]
)
def test_entries_in_another_form_are_no_absence_of_entries(text: str) -> None:
    with pytest.raises(Misread):
        entries(text)


def test_a_table_in_another_form_is_no_absence_of_tables() -> None:
    with pytest.raises(Misread):
        tables("Permission denied\n")


@pytest.mark.parametrize("cell", ["", "1.5", "\0"])
def test_statistics_that_are_no_counts_are_misread_and_end_no_watcher(cell: str) -> None:
    header = "# " + ",".join(broker_states.COLUMNS) + ",\n"
    with pytest.raises(Misread):
        broker_states.look(f"{header}brokers_mqtt,e0,2,UP,{cell},1,\n")
