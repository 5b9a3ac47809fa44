"""Sessions that are closed, in a real HAProxy: HAPROXY names another than this host's."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until

from balancer import broker_states, sessions, tickets
from balancer import closer as closers
from balancer.broker_states import Key, Look
from balancer.closer import Closer
from balancer.haproxy_answers import Session
from balancer.haproxy_socket import ask


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    with in_place(HaProxy(tmp_path), monkeypatch) as made:
        yield made


def in_place(made: HaProxy, monkeypatch: pytest.MonkeyPatch) -> HaProxy:
    """Makes the programs ask this HAProxy."""
    for module in (closers, sessions):
        monkeypatch.setattr(module, "RUNTIME", made.runtime)
    monkeypatch.setattr(sessions, "MASTER", made.master)
    return made


def look(haproxy: HaProxy) -> Look:
    return broker_states.look(ask(haproxy.runtime, broker_states.QUERY))


def see(haproxy: HaProxy, closer: Closer, server: str, status: str) -> None:
    until(lambda: look(haproxy).servers["brokers", server].status.startswith(status))
    closer.see(look(haproxy))


def test_sessions_of_a_broker_that_is_down_are_closed_in_new_and_former_workers(haproxy: HaProxy) -> None:
    haproxy.connect(6)
    haproxy.reload()
    haproxy.connect(6)
    closer = Closer(100, 3)
    haproxy.brokers[0].stop_listening()
    see(haproxy, closer, "e0", "DOWN")
    closer.step(paced=False)
    until(lambda: haproxy.open_clients() == 8)
    assert closer.counts["closed_down_total"] == 4


def test_a_session_that_lingers_is_counted_once(haproxy: HaProxy) -> None:
    haproxy.connect(6)
    closer = Closer(100, 3)
    haproxy.brokers[0].stop_listening()
    see(haproxy, closer, "e0", "DOWN")
    # What is seen is from before the first step, as it is while clients take their time to answer.
    for _ in range(3):
        closer.step(paced=True)
    assert closer.counts["closed_down_total"] == 2


def test_nothing_is_closed_while_fewer_than_half_are_up(haproxy: HaProxy) -> None:
    haproxy.connect(6)
    closer = Closer(100, 3)
    for number in (0, 1):
        haproxy.brokers[number].stop_listening()
        see(haproxy, closer, f"e{number}", "DOWN")
    closer.step(paced=True)
    assert (haproxy.open_clients(), closer.counts["closed_down_total"]) == (6, 0)


def test_a_draining_broker_is_emptied_at_a_pace_in_new_and_former_workers(haproxy: HaProxy) -> None:
    haproxy.connect(6)
    haproxy.reload()
    haproxy.connect(6)
    closer = Closer(3, 3)
    ask(haproxy.runtime, "set server brokers/e1 state drain")
    see(haproxy, closer, "e1", "DRAIN")
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 9)
    until(lambda: stepped(closer, haproxy, 8))
    assert closer.counts["closed_drain_total"] == 4


def test_clients_of_a_broker_that_was_taken_out_are_moved_at_a_pace(haproxy: HaProxy) -> None:
    haproxy.connect(6)
    del haproxy.brokers[2:]
    haproxy.configure()
    haproxy.reload()
    haproxy.connect(4)
    closer = Closer(1, 3)
    see(haproxy, closer, "e1", "UP")
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 9)
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 8)
    closer.step(paced=True)
    # Those of the brokers that stay are left alone, in the former worker too.
    assert (haproxy.open_clients(), closer.counts["closed_gone_total"]) == (8, 2)


def stepped(closer: Closer, haproxy: HaProxy, left: int) -> bool:
    closer.step(paced=True)
    return haproxy.open_clients() == left


def test_draining_lists_sessions_once_for_many(haproxy: HaProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    haproxy.connect(30)
    lists: list[str] = []
    listed = sessions._listed

    def counted(pid: str) -> list[Session]:
        lists.append(pid)
        return listed(pid)

    monkeypatch.setattr(sessions, "_listed", counted)
    closer = Closer(2, 3)
    ask(haproxy.runtime, "set server brokers/e1 state drain")
    see(haproxy, closer, "e1", "DRAIN")
    for _ in range(5):
        closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 20)
    assert len(lists) == 1


def test_a_session_that_has_taken_the_name_of_another_stays(haproxy: HaProxy) -> None:
    haproxy.connect(3)
    [pid] = sessions.workers().running
    emptier = sessions.Emptier(pid)
    keys: set[Key] = {("brokers", f"e{n}") for n in range(3)}
    assert emptier.close(keys, 1) == 1
    until(lambda: haproxy.open_clients() == 2)
    # Two are still to come: their names have passed to one on another broker, and to another client.
    broker, client = emptier._known
    emptier._known.clear()
    emptier._known.extend([broker._replace(server="e7"), client._replace(source="127.0.0.1:1")])
    assert (emptier.close(keys, 1), haproxy.open_clients()) == (0, 2)


def test_a_broker_that_drains_is_forgotten_by_the_stick_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = HaProxy(tmp_path)
    made.stick = "stick-table type ip size 100 expire 1h\n  stick on src"
    with in_place(made, monkeypatch) as haproxy:
        haproxy.connect(1)
        haproxy.connect(5)
        [name] = {name for (_, name), server in look(haproxy).servers.items() if server.sessions == 6}
        ask(haproxy.runtime, f"set server brokers/{name} state drain")
        closer = Closer(100, 3)
        see(haproxy, closer, name, "DRAIN")
        closer.step(paced=True)
        until(lambda: haproxy.open_clients() == 0)
        haproxy.connect(6)
        assert look(haproxy).servers["brokers", name].sessions == 0


def test_sessions_that_began_in_the_fallback_backend_are_judged_by_its_checked_twin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = HaProxy(tmp_path)
    twins = "\n".join(f" server e{n} 127.0.0.1:{broker.port}" for n, broker in enumerate(made.brokers))
    made.frontends = f"backend fallback_mqtt\n balance roundrobin\n{twins}"
    made.backend, made.rule = "brokers_mqtt", "use_backend fallback_mqtt if { nbsrv(brokers_mqtt) ge 3 }"
    with in_place(made, monkeypatch):
        made.connect(6)
        assert look(made).servers["fallback_mqtt", "e0"].sessions == 2
        made.brokers[0].stop_listening()
        until(lambda: look(made).servers["brokers_mqtt", "e0"].down)
        closer = Closer(100, 3)
        closer.see(look(made))
        closer.step(paced=False)
        until(lambda: made.open_clients() == 4)


def test_a_balancer_that_leaves_ends_all_sessions_and_refuses_clients_until_it_admits_them(
    haproxy: HaProxy,
) -> None:
    haproxy.connect(3)
    haproxy.reload()
    haproxy.connect(3)
    sessions.leave()
    until(lambda: haproxy.open_clients() == 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", haproxy.port))
    sessions.admit()
    haproxy.connect(1)


def test_too_many_former_workers_are_emptied_at_one_pace_the_oldest_first(haproxy: HaProxy) -> None:
    for _ in range(3):
        haproxy.connect(3)
        haproxy.reload()
    oldest, second, _ = sessions.workers().former
    closer = Closer(4, 1)
    closer.see(look(haproxy))
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 5)
    assert closer.counts["closed_old_total"] == 4
    until(lambda: oldest not in sessions.workers().former)
    assert sessions.close(second, lambda _: True) == 2


def test_what_fails_is_said_once_until_it_changes(
    haproxy: HaProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tickets, "renew", lambda: 0)
    closer = Closer(100, 3)
    monkeypatch.setattr(sessions, "MASTER", str(tmp_path / "gone"))
    for _ in range(3):
        closer.turn(paced=True)
    monkeypatch.setattr(sessions, "MASTER", haproxy.master)
    for _ in range(3):
        closer.turn(paced=True)
    failed, well = capsys.readouterr().out.splitlines()
    assert failed.startswith("sessions, tickets: FileNotFoundError(")
    assert well == "sessions, tickets: well again"
    assert closer.counts["errors_total"] == 3


def test_answers_that_are_not_understood_are_errors_and_end_nothing(
    haproxy: HaProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    haproxy.connect(3)
    monkeypatch.setattr(tickets, "renew", lambda: 0)
    monkeypatch.setattr(sessions, "ask", lambda *_: "Unknown command\n")
    closer = Closer(100, 3)
    closer.turn(paced=True)
    assert (closer.counts["errors_total"], haproxy.open_clients()) == (1, 3)


def test_a_broker_that_flaps_does_not_keep_another_from_draining(
    haproxy: HaProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    paced: list[bool] = []
    closer = Closer(100, 3)

    def turn(is_paced: bool) -> None:
        paced.append(is_paced)
        # News at each turn.
        closer._news.set()
        if len(paced) > 10_000_000 or sum(paced) >= 3:
            raise StopIteration

    monkeypatch.setattr(closers, "PACE_SECONDS", 0.05)
    monkeypatch.setattr(closer, "turn", turn)
    with pytest.raises(StopIteration):
        closer.run()
    assert (sum(paced), paced.count(False) > 0) == (3, True)


def test_a_session_is_ended_by_its_own_name(haproxy: HaProxy) -> None:
    haproxy.connect(25)
    haproxy.reload()
    [pid] = sessions.workers().former
    chosen = {client.getsockname()[1] for client in haproxy.clients[:20]}
    assert sessions.close(pid, lambda session: int(session.source.split(":")[1]) in chosen) == 20
    until(lambda: haproxy.open_clients() == 5)


def test_a_former_worker_that_stands_still_keeps_nothing_from_the_others(
    haproxy: HaProxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    renewed: list[bool] = []

    def renew() -> int:
        renewed.append(True)
        return 0

    monkeypatch.setattr(tickets, "renew", renew)
    monkeypatch.setattr(sessions, "ANSWER_SECONDS", 3)
    haproxy.connect(3)
    haproxy.reload()
    haproxy.connect(6)
    [frozen] = sessions.workers().former
    closer = Closer(100, 0)
    ask(haproxy.runtime, "set server brokers/e1 state drain")
    see(haproxy, closer, "e1", "DRAIN")
    os.kill(int(frozen), signal.SIGSTOP)
    try:
        closer.turn(paced=True)
        until(lambda: haproxy.open_clients() == 7)
        assert renewed == [True]
        # It costs its time once; that it does not answer is told for as long.
        monkeypatch.setattr(sessions, "_listed", lambda pid: pytest.fail("asked again"))
        closer.turn(paced=True)
        assert capsys.readouterr().out == f"sessions, tickets: worker {frozen}: TimeoutError('timed out')\n"
    finally:
        os.kill(int(frozen), signal.SIGCONT)


def test_who_leaves_ends_the_sessions_that_can_be_ended_though_something_fails(
    haproxy: HaProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    haproxy.connect(3)
    haproxy.reload()
    haproxy.connect(3)
    monkeypatch.setattr(sessions, "_listeners", lambda verb: ask(str(haproxy.folder / "gone"), verb))
    with pytest.raises(FileNotFoundError):
        sessions.leave()
    until(lambda: haproxy.open_clients() == 0)
