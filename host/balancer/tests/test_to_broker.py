"""The way of a client to a broker over TLS, as HAProxy goes it."""

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest
from pki import Authority
from waiting import until

from balancer import to_broker

HEADER_BYTES = 28


class Broker:
    """Reads a PROXY header, then TLS with certificates of its CA alone, and says back what it is told."""

    def __init__(self, authority: Authority) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.path("ca.pem"))
        self._context.load_cert_chain(authority.path("server.pem"), authority.path("server.pem.key"))
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.headers: list[bytes] = []
        self.failures: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            plain, _ = self._listener.accept()
            self.headers.append(plain.recv(HEADER_BYTES, socket.MSG_WAITALL))
            try:
                with self._context.wrap_socket(plain, server_side=True) as client:
                    while data := client.recv(65_536):
                        client.sendall(data)
            except OSError as reason:
                self.failures.append(str(reason))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.issue("server.pem", "brokers.demo")
    return made


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Broker:
    return Broker(authority)


def start(
    authority: Authority,
    broker: Broker,
    name: str = "brokers.demo",
    certificate: str = "device.pem",
    ca: str = "ca.pem",
) -> subprocess.Popen[bytes]:
    """The program on a balancer with this haproxy.cfg."""
    config = authority.path("haproxy.cfg")
    files = f"crt {authority.path(certificate)} ca-file {authority.path(ca)}"
    config.write_text(
        "    default-server send-proxy-v2\n"
        f"    default-server agent-check ssl {files} verify required verifyhost {name} ssl-min-ver TLSv1.2\n"
    )
    script = (
        "import sys; from pathlib import Path; from balancer import to_broker\n"
        f"to_broker.CONFIG = Path({str(config)!r}); sys.exit(to_broker.main())"
    )
    argv = [sys.executable, "-c", script, "127.0.0.1", str(broker.port)]
    host = Path(to_broker.__file__).parents[1]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=host)


def say(stream: IO[bytes], text: bytes) -> None:
    stream.write(text)
    stream.flush()


def test_what_is_said_goes_by_tls_behind_a_proxy_header_and_back(
    authority: Authority, broker: Broker
) -> None:
    with start(authority, broker) as program:
        assert program.stdin is not None and program.stdout is not None
        for said in (b"CONNECT", b"x" * 300_000):
            # More than pipes and sockets have room for, while nobody reads what comes back.
            speaking = threading.Thread(target=say, args=(program.stdin, said))
            speaking.start()
            assert program.stdout.read(len(said)) == said
            speaking.join()
        program.stdin.close()
        assert program.wait(30) == 0
    (header,) = broker.headers
    assert header.startswith(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "another.demo"}, "Hostname mismatch"),
        ({"ca": "crl.pem"}, "certificate"),
    ],
)
def test_a_broker_of_another_name_or_ca_is_not_spoken_to(
    authority: Authority, broker: Broker, wrong: dict[str, str], reason: str
) -> None:
    with start(authority, broker, **wrong) as program:
        _, told = program.communicate(timeout=30)
    assert program.returncode == 1
    assert reason in told.decode()


def test_a_broker_that_does_not_take_the_balancers_certificate_ends_it(
    authority: Authority, broker: Broker, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Authority(other)
    with start(authority, broker, certificate="other/device.pem") as program:
        assert program.stdin is not None and program.stdout is not None
        # In TLS 1.3 the refusal comes behind the balancer's last word.
        assert program.stdout.read() == b""
        assert program.wait(30) == 1
    until(lambda: bool(broker.failures))


def test_without_tls_towards_brokers_there_is_no_such_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "haproxy.cfg"
    config.write_text("    default-server agent-check check port 18083\n")
    monkeypatch.setattr(to_broker, "CONFIG", config)
    monkeypatch.setattr(sys, "argv", ["to_broker", "127.0.0.1", "1"])
    assert not to_broker.is_encrypted(config.read_text())
    assert to_broker.main() == 1
    assert "does not come to brokers by TLS" in capsys.readouterr().err
