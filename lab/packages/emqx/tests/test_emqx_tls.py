"""Listeners with TLS: when it begins, whom they take, and what becomes of files that are not there."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client, Closed, WebSocketClient, proxy
from lab.packages.emqx.tests.stage import Node, eventually

LISTENERS = """
listeners.ssl.mine {
  bind = "127.0.0.1:2883"
  proxy_protocol = true
  ssl_options {%s}
}
listeners.wss.mine {
  bind = "127.0.0.1:9083"
  proxy_protocol = true
  ssl_options {%s}
}
listeners.ssl.open {
  bind = "127.0.0.1:2884"
  ssl_options { certfile = "/etc/tls/broker.pem", keyfile = "/etc/tls/broker.key" }
}
mqtt.idle_timeout = 2s
"""
MUTUAL = """
  certfile = "/etc/tls/broker.pem"
  keyfile = "/etc/tls/broker.key"
  cacertfile = "/etc/tls/ca.pem"
  verify = verify_peer
  fail_if_no_peer_cert = true
  versions = ["tlsv1.3", "tlsv1.2"]
"""


@dataclass(frozen=True)
class Authority:
    """Makes certificates in a folder: NAME.pem and NAME.key."""

    folder: Path

    def make(self, name: str, by: str = "") -> None:
        signer = ["-CA", f"{by}.pem", "-CAkey", f"{by}.key"] if by else []
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-nodes", "-days", "2", "-subj", f"/CN={name}", *signer),
                *("-addext", "basicConstraints=critical,CA:" + ("FALSE" if by else "TRUE")),
                *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def text(self, file: str) -> str:
        return (self.folder / file).read_text()

    def client(self, name: str = "", ca: str = "ca") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / f"{ca}.pem")
        context.check_hostname = False
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("certificates"))
    made.make("ca")
    made.make("broker", "ca")
    made.make("balancer", "ca")
    made.make("other-ca")
    made.make("stranger", "other-ca")
    return made


@pytest.fixture(scope="module")
def node(new_node: NewNode, authority: Authority) -> Node:
    node = new_node()
    for file in ("ca.pem", "broker.pem", "broker.key"):
        node.write(f"/etc/tls/{file}", authority.text(file))
    node.configure(configuration())
    node.start()
    return node


@pytest.fixture
def balancer(authority: Authority) -> Iterator[ssl.SSLContext]:
    yield authority.client("balancer")


def configuration(options: str = MUTUAL) -> str:
    return LISTENERS % (options, options)


def test_the_proxy_header_comes_before_tls_and_says_who_the_client_is(
    node: Node, balancer: ssl.SSLContext
) -> None:
    with Client(node.address, 2883, proxy("203.0.113.9"), tls=balancer) as client:
        assert client.connect("by-tls", "ann") == 0
        assert client.subscribe("a/+", qos=1) == [1]
        assert client.publish("a/b", "x" * 40_000) == 0
        assert client.message() == ("a/b", "x" * 40_000)
        assert "peername=203.0.113.9:4000" in node.ctl("clients", "show", "by-tls").stdout
        assert node.ctl("listeners").stdout.count("current_conn    : 1") == 1
    with WebSocketClient(node.address, 9083, proxy("203.0.113.8"), tls=balancer) as client:
        assert client.upgrade() == 101
        assert client.connect("by-wss") == 0
        assert "peername=203.0.113.8:4000" in node.ctl("clients", "show", "by-wss").stdout
    eventually(lambda: "by-tls" not in node.ctl("clients", "list").stdout)


def test_the_name_is_that_of_the_clients_certificate_and_never_the_balancers(
    node: Node, balancer: ssl.SSLContext
) -> None:
    node.reconfigure(f"{configuration()}\nmqtt.peer_cert_as_username = cn\n")
    with Client(node.address, 2883, proxy("203.0.113.9", "device-7"), tls=balancer) as client:
        assert client.connect("a", "claimed") == 0
        assert "username=device-7" in node.ctl("clients", "show", "a").stdout
    with Client(node.address, 2883, proxy("203.0.113.9"), tls=balancer) as client:
        assert client.connect("b", "own") == 0
        assert "username=own" in node.ctl("clients", "show", "b").stdout
    node.reconfigure(configuration())


@pytest.mark.parametrize("port", [2883, 9083])
def test_a_header_within_tls_is_none(node: Node, balancer: ssl.SSLContext, port: int) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        Client(node.address, port, tls=balancer)


@pytest.mark.parametrize("name", ["", "stranger"])
def test_who_has_no_certificate_of_the_ca_is_not_served(node: Node, authority: Authority, name: str) -> None:
    with (
        pytest.raises((ssl.SSLError, OSError, Closed)),
        Client(node.address, 2883, proxy("203.0.113.9"), tls=authority.client(name)) as client,
    ):
        # In TLS 1.3 a client is told after its own last word.
        client.connect("refused")
    assert "refused" not in node.ctl("clients", "list").stdout


def test_what_asks_for_no_certificate_takes_everybody(node: Node, authority: Authority) -> None:
    with Client(node.address, 2884, tls=authority.client()) as client:
        assert client.connect("anybody") == 0
    with pytest.raises((ssl.SSLError, OSError)):
        Client(node.address, 2884, tls=authority.client(ca="other-ca"))


def test_who_says_nothing_behind_the_header_is_closed_in_time(node: Node) -> None:
    node.reconfigure(configuration().replace("versions =", "handshake_timeout = 1s, versions ="))
    with Client(node.address, 2883, proxy("203.0.113.9")) as client:
        assert client.is_closed()
    node.reconfigure(configuration())


def test_a_change_that_names_a_file_that_is_missing_is_refused_and_a_start_goes_on_without_it(
    node: Node, authority: Authority
) -> None:
    node.configure(configuration(MUTUAL.replace("broker.pem", "missing.pem")))
    refused = node.ctl("conf", "reload", "--replace")
    assert refused.returncode == 1
    assert "bad_ssl_config" in refused.stdout
    node.stop()
    node.start(wait=False)
    eventually(lambda: node.exit_status() == 1)
    assert "wss:mine: no_cert" in node.journal()
    node.configure(configuration(MUTUAL.replace("broker.pem", "missing.pem")) + "listeners.wss.mine = null\n")
    node.start()
    assert "cert_file_not_found" in node.journal()
    with pytest.raises((ssl.SSLError, OSError)):
        Client(node.address, 2883, proxy("203.0.113.9"), tls=authority.client("balancer"))


def test_asking_for_a_certificate_without_looking_at_it_is_no_configuration(node: Node) -> None:
    node.configure(configuration(MUTUAL.replace("verify_peer", "verify_none")))
    checked = node.run("emqx", "check_config")
    assert checked.returncode == 1
    assert "verify must be verify_peer when fail_if_no_peer_cert is true" in checked.stdout + checked.stderr
