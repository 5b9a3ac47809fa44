"""Files that HAProxy takes without a reload."""

import ssl
import subprocess
from pathlib import Path

import pytest
from haproxy import HaProxy
from waiting import until

from balancer import haproxy_runtime
from balancer.haproxy_runtime import load


def certificate(pem: Path, name: str) -> None:
    """A new key and its certificate, as two files."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-keyout", f"{pem}.key", "-out", str(pem), "-subj", f"/CN={name}"]
    subprocess.run([*command, *files], check=True, capture_output=True)


def served(haproxy: HaProxy) -> str:
    """The certificate that a client is shown."""
    return ssl.get_server_certificate(("127.0.0.1", haproxy.port))


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HaProxy:
    certificate(tmp_path / "server.pem", "first")
    certificate(tmp_path / "ca.pem", "ca")
    made = HaProxy(tmp_path)
    made.extra = f"ssl crt {tmp_path}/server.pem ca-file {tmp_path}/ca.pem verify optional"
    monkeypatch.setattr(haproxy_runtime, "RUNTIME", made.runtime)
    return made


@pytest.mark.parametrize("changed", ["server.pem", "server.pem.key"])
def test_a_new_certificate_and_key_are_served_without_a_reload(haproxy: HaProxy, changed: str) -> None:
    with haproxy:
        assert served(haproxy) == (haproxy.folder / "server.pem").read_text()
        certificate(haproxy.folder / "server.pem", "second")
        assert load(str(haproxy.folder / changed))
        assert served(haproxy) == (haproxy.folder / "server.pem").read_text()
        until(lambda: haproxy.workers() == 1)


def test_a_client_ca_is_taken_without_a_reload(haproxy: HaProxy) -> None:
    with haproxy:
        certificate(haproxy.folder / "ca.pem", "other")
        (haproxy.folder / "ca.pem.key").unlink()
        assert load(str(haproxy.folder / "ca.pem"))


def test_a_key_of_another_certificate_is_not_loaded_and_leaves_no_transaction(haproxy: HaProxy) -> None:
    with haproxy:
        before = served(haproxy)
        certificate(haproxy.folder / "other.pem", "other")
        (haproxy.folder / "other.pem.key").replace(haproxy.folder / "server.pem.key")
        assert not load(str(haproxy.folder / "server.pem.key"))
        assert served(haproxy) == before
        certificate(haproxy.folder / "server.pem", "third")
        assert load(str(haproxy.folder / "server.pem"))


def test_a_file_that_haproxy_does_not_know_takes_a_reload(haproxy: HaProxy) -> None:
    with haproxy:
        certificate(haproxy.folder / "unknown.pem", "x")
        assert not load(str(haproxy.folder / "unknown.pem"))


def test_without_a_running_haproxy_it_takes_a_reload(haproxy: HaProxy) -> None:
    assert not load(str(haproxy.folder / "server.pem"))
