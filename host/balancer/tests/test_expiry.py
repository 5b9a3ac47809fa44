"""The end of certificates and revocation lists."""

import subprocess
import time
from pathlib import Path

import pytest
from pki import Authority

from balancer import expiry
from balancer.expiry import Expiry, ends


@pytest.fixture
def pki(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setattr(expiry, "FOLDER", tmp_path)
    return Authority(tmp_path)


def said_by_openssl(kind: str, option: str, path: Path) -> float:
    command = ["openssl", kind, "-in", str(path), "-noout", option]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.mktime(time.strptime(text.partition("=")[2].strip(), "%b %d %H:%M:%S %Y %Z")) - time.timezone


def test_it_is_what_openssl_says(pki: Authority) -> None:
    server, crl = pki.path("server.pem"), pki.path("crl.pem")
    assert ends(server.read_text()) == said_by_openssl("x509", "-enddate", server)
    assert ends(crl.read_text()) == said_by_openssl("crl", "-nextupdate", crl)
    assert ends(crl.read_text() + server.read_text()) == min(ends(crl.read_text()), ends(server.read_text()))


def test_what_ends_soon_is_said_once_a_day_and_told_to_prometheus(
    pki: Authority, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests' own certificates live for days, of which a third is left."""
    end = ends(pki.path("server.pem").read_text())
    monkeypatch.setattr(expiry, "warning_seconds", lambda text: end)
    for path in pki.path("").glob("*.pem"):
        if path.name != "server.pem":
            path.unlink()
    watched = Expiry()
    for _ in range(3):
        watched._look_at = 0
        watched.look()
    [line] = capsys.readouterr().out.splitlines()
    assert " ends in " in line
    left = watched.metrics()['expires_seconds{file="server.pem"}']
    assert 0 < left < expiry.WARNING_SECONDS
    monkeypatch.setattr(time, "time", lambda: ends(pki.path("server.pem").read_text()) + 86_400)
    watched = Expiry()
    watched.look()
    assert "server.pem ended 1.0 days ago" in capsys.readouterr().out


def test_what_lives_shortly_is_said_in_the_last_third_of_its_time(pki: Authority) -> None:
    text = pki.path("server.pem").read_text()
    begin = said_by_openssl("x509", "-startdate", pki.path("server.pem"))
    assert expiry.warning_seconds(text) == min(expiry.WARNING_SECONDS, (ends(text) - begin) / 3)


def test_a_file_that_cannot_be_read_is_said(pki: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    pki.path("server.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    Expiry().look()
    assert "server.pem cannot be read" in capsys.readouterr().out
