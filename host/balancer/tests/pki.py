"""Certificates as the product makes them: ECDSA P-256, of an authority with a revocation list."""

import subprocess
from pathlib import Path

CONFIG = """[ca]
default_ca = own
[own]
database = {folder}/index
certificate = {folder}/ca.pem
private_key = {folder}/ca.pem.key
default_md = sha256
default_crl_days = 2
"""


class Authority:
    """Its files lie in `folder`: ca.pem, crl.pem, server.pem and device.pem, each with NAME.key beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path("index").touch()
        self.path("openssl.cnf").write_text(CONFIG.format(folder=folder))
        self._openssl("req", "-x509", "-subj", "/CN=authority", *self._new("ca.pem"))
        for name in ("server.pem", "device.pem"):
            self.issue(name)
        self._publish()

    def path(self, name: str) -> Path:
        """Of one of its files."""
        return self.folder / name

    def issue(self, name: str, host: str = "") -> None:
        """Signs a certificate with a key of its own, for a host's name where one is given."""
        issuer = ["-CA", str(self.path("ca.pem")), "-CAkey", str(self.path("ca.pem.key"))]
        named = ["-addext", f"subjectAltName=DNS:{host}"] if host else []
        self._openssl("req", "-x509", "-subj", f"/CN={name}", *issuer, *self._new(name), *named)

    def serial(self, name: str) -> int:
        """Of a certificate."""
        return int(
            self._openssl("x509", "-noout", "-serial", "-in", str(self.path(name))).partition("=")[2], 16
        )

    def revoke(self, name: str) -> None:
        """Publishes a list with one certificate more."""
        self._openssl("ca", "-config", str(self.path("openssl.cnf")), "-revoke", str(self.path(name)))
        self._publish()

    def _publish(self) -> None:
        self._openssl(
            "ca", "-config", str(self.path("openssl.cnf")), "-gencrl", "-out", str(self.path("crl.pem"))
        )

    def _new(self, name: str) -> list[str]:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        return [*key, "-keyout", f"{self.path(name)}.key", "-out", str(self.path(name))]

    def _openssl(self, *words: str) -> str:
        return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
