"""Session tickets, with two real HAProxies."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from pki import Authority
from ports import free_port
from waiting import until

from balancer import haproxy_runtime, tickets
from balancer.haproxy_answers import Misread
from balancer.haproxy_socket import ask

LIFETIME = 3600


class Balancer(HaProxy):
    """With mutual TLS on its port, TLS for anyone on `open_port`, and ticket keys of its own for each."""

    def __init__(self, folder: Path, pki: Path, master: str) -> None:
        folder.mkdir()
        super().__init__(folder)
        (folder / "ticket-master").write_text(master)
        # As on real hosts, both balancers have the same paths.
        server = f"ssl crt {pki}/server.pem tls-ticket-keys "
        self.extra = f"{server}mutual.keys ca-file {pki}/ca.pem verify required crl-file {pki}/crl.pem"
        self.globals = f"tune.ssl.lifetime {LIFETIME}\n tune.ssl.cachesize 0"
        self.open_port = free_port()
        bind = f"bind 127.0.0.1:{self.open_port} {server}open.keys"
        self.frontends = f"frontend open\n {bind}\n default_backend brokers"
        self.configure()


@pytest.fixture
def pki(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(
    tmp_path: Path, pki: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Balancer, Balancer]]:
    """Two that share a master."""
    first, second = (Balancer(tmp_path / name, tmp_path, "one secret") for name in ("first", "second"))
    for balancer in (first, second):
        run_on(balancer, monkeypatch)
        tickets.write()
    with first, second:
        yield first, second


def run_on(balancer: Balancer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the programs those of one host."""
    monkeypatch.chdir(balancer.folder)
    monkeypatch.setattr(tickets, "CONFIG", balancer.folder / "haproxy.cfg")
    monkeypatch.setattr(tickets, "SECRET", balancer.folder / "ticket-master")
    for module in (tickets, haproxy_runtime):
        monkeypatch.setattr(module, "RUNTIME", balancer.runtime)


class Client:
    """A TLS client, which keeps the session that it was last given."""

    def __init__(self, version: ssl.TLSVersion, certificate: Path | None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.context.minimum_version = self.context.maximum_version = version
        if certificate:
            self.context.load_cert_chain(certificate, f"{certificate}.key")
        self.session: ssl.SSLSession | None = None

    def connect(self, port: int) -> str:
        """`new` or `resumed`, or the reason of the refusal."""
        with socket.create_connection(("127.0.0.1", port)) as plain:
            try:
                with self.context.wrap_socket(plain, session=self.session) as connection:
                    connection.setblocking(False)
                    # With TLS 1.3 tickets, and refusals, come after the handshake.
                    until(lambda: self._keeps_session_of(connection))
                    return "resumed" if connection.session_reused else "new"
            except ssl.SSLError as refused:
                return refused.reason or ""

    def _keeps_session_of(self, connection: ssl.SSLSocket) -> bool:
        with contextlib.suppress(ssl.SSLWantReadError):
            connection.recv(1)
        self.session = connection.session
        found = self.session is not None and self.session.has_ticket
        return found or bool(self.context.options & ssl.OP_NO_TICKET)


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
by_version = pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])


@by_version
def test_a_session_of_one_balancer_is_resumed_on_the_other(
    pair: tuple[Balancer, Balancer], pki: Authority, version: ssl.TLSVersion
) -> None:
    client = Client(version, pki.path("device.pem"))
    assert [client.connect(balancer.port) for balancer in pair] == ["new", "resumed"]


@by_version
def test_a_session_is_not_resumed_with_another_master(
    pair: tuple[Balancer, Balancer],
    pki: Authority,
    version: ssl.TLSVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client(version, pki.path("device.pem"))
    client.connect(pair[0].port)
    run_on(pair[1], monkeypatch)
    tickets.SECRET.write_text("another secret")
    assert haproxy_runtime.load(str(tickets.SECRET))
    assert client.connect(pair[1].port) == "new"


@by_version
def test_a_revoked_client_is_refused_though_its_ticket_lives(
    pair: tuple[Balancer, Balancer],
    pki: Authority,
    version: ssl.TLSVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client(version, pki.path("device.pem"))
    client.connect(pair[0].port)
    pki.revoke("device.pem")
    for balancer in pair:
        run_on(balancer, monkeypatch)
        assert haproxy_runtime.load(str(pki.path("crl.pem")))
        assert client.connect(balancer.port) == "SSLV3_ALERT_CERTIFICATE_REVOKED"


@pytest.mark.parametrize(
    ("version", "options"),
    [*((version, 0) for version in VERSIONS), (ssl.TLSVersion.TLSv1_2, ssl.OP_NO_TICKET)],
    ids=["ticket 1.2", "ticket 1.3", "session id"],
)
def test_a_session_without_a_certificate_opens_no_listener_that_asks_for_one(
    pair: tuple[Balancer, Balancer], version: ssl.TLSVersion, options: int
) -> None:
    client = Client(version, None)
    client.context.options |= options
    assert client.connect(pair[0].open_port) == "new"
    refusals = ("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV13_ALERT_CERTIFICATE_REQUIRED")
    assert client.connect(pair[0].port) in refusals


def test_the_keys_of_a_period_are_taken_for_as_long_as_its_tickets_live(
    pair: tuple[Balancer, Balancer], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on(pair[0], monkeypatch)
    now = time.time()
    file = "mutual.keys"
    former, current, following = tickets.keys(now)[file]
    assert tickets.keys(now + LIFETIME)[file][:2] == [current, following]
    assert former not in tickets.keys(now + LIFETIME)[file]
    assert Path(file).read_text().split() == [former, current, following]
    assert Path(file).stat().st_mode & 0o777 == 0o600


def test_a_running_haproxy_gets_the_keys_of_a_new_period_once(
    pair: tuple[Balancer, Balancer], pki: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(ssl.TLSVersion.TLSv1_3, pki.path("device.pem"))
    client.connect(pair[0].port)
    run_on(pair[1], monkeypatch)
    later = time.time() + LIFETIME
    monkeypatch.setattr(time, "time", lambda: later)
    assert tickets.renew() == 2
    assert tickets.renew() == 0
    assert client.connect(pair[1].port) == "resumed"


def test_keys_are_not_written_through_a_link_that_haproxy_has_left(
    pair: tuple[Balancer, Balancer], monkeypatch: pytest.MonkeyPatch
) -> None:
    balancer = pair[0]
    run_on(balancer, monkeypatch)
    victim = balancer.folder / "victim"
    victim.write_text("the host's own")
    for name in ("open.keys", "open.keys.new"):
        (balancer.folder / name).unlink(missing_ok=True)
        (balancer.folder / name).symlink_to(victim)
    tickets.write()
    assert victim.read_text() == "the host's own"
    assert not (balancer.folder / "open.keys").is_symlink()
    assert (balancer.folder / "open.keys").stat().st_mode & 0o777 == 0o600
    assert not (balancer.folder / "open.keys.new").exists()


def test_keys_that_haproxy_does_not_take_are_told(
    pair: tuple[Balancer, Balancer], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on(pair[0], monkeypatch)
    later = time.time() + LIFETIME
    monkeypatch.setattr(time, "time", lambda: later)
    refused = "Permission denied\n"
    monkeypatch.setattr(
        tickets, "ask", lambda path, line: refused if line.startswith("set") else ask(path, line)
    )
    with pytest.raises(Misread, match=r"set ssl tls-key .*Permission denied"):
        tickets.renew()
    assert not haproxy_runtime.load(str(tickets.SECRET))


def test_an_answer_that_shows_no_keys_is_no_reason_to_set_others(
    pair: tuple[Balancer, Balancer], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on(pair[0], monkeypatch)
    asked: list[str] = []

    def refuse(path: str, line: str) -> str:
        asked.append(line)
        return "Permission denied\n"

    monkeypatch.setattr(tickets, "ask", refuse)
    with pytest.raises(Misread, match="show tls-keys"):
        tickets.renew()
    assert len(asked) == 1
