"""The watcher against a real HAProxy."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until

from balancer import haproxy_watch, sessions
from balancer.haproxy_socket import ask
from balancer.haproxy_watch import Closer, Server, Verdict, abandoned, servers


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    with HaProxy(tmp_path) as made:
        for module in (haproxy_watch, sessions):
            monkeypatch.setattr(module, "RUNTIME", made.runtime)
        monkeypatch.setattr(sessions, "MASTER", made.master)
        yield made


def look(haproxy: HaProxy) -> dict[tuple[str, str], Server]:
    return servers(ask(haproxy.runtime, haproxy_watch.SERVERS))


def see(haproxy: HaProxy, closer: Closer, server: str, status: str) -> None:
    until(lambda: look(haproxy)["brokers", server].status.startswith(status))
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
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 8)


def test_sessions_that_began_in_the_fallback_backend_are_judged_by_its_checked_twin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = HaProxy(tmp_path)
    twins = "\n".join(f" server e{n} 127.0.0.1:{broker.port}" for n, broker in enumerate(made.brokers))
    made.frontends = f"backend fallback_mqtt\n balance roundrobin\n{twins}"
    made.backend, made.rule = "brokers_mqtt", "use_backend fallback_mqtt if { nbsrv(brokers_mqtt) ge 3 }"
    monkeypatch.setattr(haproxy_watch, "RUNTIME", made.runtime)
    monkeypatch.setattr(sessions, "MASTER", made.master)
    with made:
        made.connect(6)
        assert look(made)["fallback_mqtt", "e0"].sessions == 2
        made.brokers[0].stop_listening()
        until(lambda: not look(made)["brokers_mqtt", "e0"].up)
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
    oldest, second, _ = sessions.workers()[1]
    closer = Closer(4, 1)
    closer.see(look(haproxy))
    closer.step(paced=True)
    until(lambda: haproxy.open_clients() == 5)
    assert closer.counts["closed_old_total"] == 4
    until(lambda: oldest not in sessions.workers()[1])
    assert sessions.close(second, lambda *_: True) == 2


def test_what_fails_is_said_once_until_it_changes(
    haproxy: HaProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(haproxy_watch, "renew", lambda: 0)
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


def test_a_dead_haproxy_has_a_grace_a_hung_one_has_none() -> None:
    verdict = Verdict(1.0)
    assert verdict.after("dead", 0.0) is True, "not seen yet since the start"
    assert verdict.after("ok", 10.0) is False
    assert verdict.after("dead", 10.9) is False
    assert verdict.after("dead", 11.0) is True
    assert verdict.after("ok", 12.0) is False
    assert verdict.after("hung", 12.1) is True
    assert verdict.after("dead", 12.2) is True
    assert verdict.after("ok", 12.3) is False
    assert Verdict(0.0).after("dead", 1.0) is True


def test_only_servers_that_are_down_beside_a_majority_are_abandoned() -> None:
    state = {
        ("b", f"e{n}"): Server(status, 1)
        for n, status in enumerate(["UP", "DOWN (agent)", "DRAIN", "UP 1/2"])
    }
    assert abandoned(state) == {("b", "e1")}
    assert abandoned({("b", "e0"): Server("DOWN", 1)}) == set()


def test_the_watcher_follows_haproxy_through_death_hang_and_return(haproxy: HaProxy, tmp_path: Path) -> None:
    program = (
        "import pathlib; from balancer import fault, haproxy_watch as w, sessions, settings;"
        "from residents import reports;"
        f"w.RUNTIME={haproxy.runtime!r}; sessions.MASTER={haproxy.master!r}; w.renew=int;"
        f"w.STOPPING=pathlib.Path({str(tmp_path / 'stopping')!r});"
        f"reports.RUN=fault.RUN=pathlib.Path({str(tmp_path)!r});"
        "settings.SETTINGS=reports.RUN/'watch.json'; w.main()"
    )
    (tmp_path / "watch.json").write_text('{"graceMs": 300, "answerMs": 300}')
    fault = tmp_path / "fault/haproxy"
    environment = {**os.environ, "PYTHONPATH": str(Path(haproxy_watch.__file__).parent.parent)}
    watcher = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.DEVNULL)
    try:
        until(lambda: fault.exists() and fault.read_text() == "0\n")
        worker = int(sessions.workers()[0][0])
        os.kill(worker, signal.SIGSTOP)
        until(lambda: fault.read_text() == "1\n")
        os.kill(worker, signal.SIGCONT)
        until(lambda: fault.read_text() == "0\n")
        (tmp_path / "stopping").touch()
        until(lambda: fault.read_text() == "1\n")
        (tmp_path / "stopping").unlink()
        until(lambda: fault.read_text() == "0\n")
        haproxy.process.kill()
        os.kill(worker, signal.SIGKILL)
        until(lambda: fault.read_text() == "1\n")
        haproxy.process.wait()
        with haproxy:
            until(lambda: fault.read_text() == "0\n")
        assert "emqx_haproxy_watch_fault" in (tmp_path / "metrics/watch.prom").read_text()
    finally:
        watcher.kill()
        watcher.wait()
