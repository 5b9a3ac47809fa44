"""Sessions of revoked certificates, in a real HAProxy."""

import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from haproxy import HaProxy
from pki import Authority
from waiting import until

from balancer import haproxy_runtime, revocation, sessions
from balancer.revocation import close_revoked, serials

TRACK = """tcp-request session set-var(sess.ip) src
  tcp-request session set-var(sess.port) src_port
  tcp-request session track-sc1 ssl_c_serial,hex,concat(/,sess.ip,:),concat(,sess.port) \
table certificates_mqtts if { ssl_c_used }"""
TABLE = "backend certificates_mqtts\n stick-table type string len 64 size 100 expire 1s"


@pytest.fixture
def pki(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def haproxy(tmp_path: Path, pki: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaProxy]:
    made = HaProxy(tmp_path)
    made.extra = f"ssl crt {pki.path('server.pem')} ca-file {pki.path('ca.pem')} verify required"
    made.rule, made.frontends = TRACK, TABLE
    monkeypatch.setattr(revocation, "MASTER", made.master)
    monkeypatch.setattr(sessions, "MASTER", made.master)
    with made:
        yield made


def connect(haproxy: HaProxy, pki: Authority, name: str) -> socket.socket:
    """A client with a certificate, on its way to a broker."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(pki.path(name), pki.path(f"{name}.key"))
    before = sum(len(broker.kept) for broker in haproxy.brokers)
    client = context.wrap_socket(socket.create_connection(("127.0.0.1", haproxy.port)))
    until(lambda: sum(len(broker.kept) for broker in haproxy.brokers) > before)
    return client


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_they_end_in_new_and_former_workers_and_no_others_do(haproxy: HaProxy, pki: Authority) -> None:
    pki.issue("other.pem")
    revoked = [connect(haproxy, pki, "device.pem")]
    kept = [connect(haproxy, pki, "other.pem")]
    haproxy.reload()
    revoked.append(connect(haproxy, pki, "device.pem"))
    kept.append(connect(haproxy, pki, "other.pem"))
    pki.revoke("device.pem")
    pki.path("crl.pem").replace(pki.path("mqtts-client-crl.pem"))
    assert close_revoked(str(pki.path("mqtts-client-crl.pem"))) == 2
    until(lambda: not any(is_open(client) for client in revoked))
    assert all(is_open(client) for client in kept)


def test_a_list_that_is_in_force_ends_them_and_says_how_many(
    haproxy: HaProxy, pki: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    revoked = connect(haproxy, pki, "device.pem")
    pki.revoke("device.pem")
    pki.path("crl.pem").replace(pki.path("mqtts-client-crl.pem"))
    files = [str(pki.path(name)) for name in ("ca.pem", "mqtts-client-crl.pem", "wss-client-crl.pem")]
    assert haproxy_runtime.main("loaded", files) == 0
    until(lambda: not is_open(revoked))
    assert capsys.readouterr().out == "closed 1 sessions of revoked certificates\n"


def test_sessions_that_cannot_be_ended_are_no_reason_to_put_the_list_back(
    haproxy: HaProxy, pki: Authority, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pki.path("crl.pem").replace(pki.path("mqtts-client-crl.pem"))
    monkeypatch.setattr(sessions, "MASTER", "/nowhere")
    assert haproxy_runtime.main("loaded", [str(pki.path("mqtts-client-crl.pem"))]) == 0
    assert "may live on" in capsys.readouterr().out


def test_a_list_names_the_serials_of_all_that_were_revoked(pki: Authority) -> None:
    assert serials(pki.path("crl.pem").read_text()) == set()
    pki.issue("other.pem")
    expected = set()
    for name in ("device.pem", "other.pem"):
        pki.revoke(name)
        expected.add(pki.serial(name))
    assert serials(pki.path("crl.pem").read_text() * 2) == expected


def test_a_former_worker_that_stands_still_is_told_once_all_others_are_done(
    haproxy: HaProxy, pki: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "ANSWER_SECONDS", 3)
    clients = []
    for _ in range(3):
        clients.append(connect(haproxy, pki, "device.pem"))
        haproxy.reload()
    pki.revoke("device.pem")
    pki.path("crl.pem").replace(pki.path("mqtts-client-crl.pem"))
    [frozen, *_] = sessions.workers().former
    os.kill(int(frozen), signal.SIGSTOP)
    try:
        with pytest.raises(ValueError, match=f"2 were closed, but worker {frozen}: timed out"):
            close_revoked(str(pki.path("mqtts-client-crl.pem")))
        until(lambda: [is_open(client) for client in clients] == [True, False, False])
    finally:
        os.kill(int(frozen), signal.SIGCONT)


@pytest.mark.parametrize("der", ["MAA=", "MIIB", "MII=", "MAUwAwIB"])
def test_a_list_that_is_cut_short_is_a_value_error(der: str) -> None:
    with pytest.raises(ValueError, match="element"):
        serials(f"-----BEGIN X509 CRL-----\n{der}\n-----END X509 CRL-----\n")
