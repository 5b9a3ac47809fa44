"""Authentication by servers that are asked, and databases that are not; on a broker that runs."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lab.packages.emqx.tests.stage import Node, eventually
from lab.packages.emqx.tests.test_emqx_authentication import (
    OPEN,
    SECRET,
    TOKENS,
    UNKNOWN,
    WELCOME,
    WRONG,
    enter,
    token,
)


class Answering:
    """A server with one answer, which keeps what it was asked."""

    def __init__(self, status: int, content_type: str, body: str) -> None:
        asked: list[tuple[str, str, str]] = []
        self.asked = asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                asked.append((self.command, self.path, self.rfile.read(length).decode()))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        # Made here, in the test's network; its threads stay in it.
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def asking(url: str, more: str = "") -> str:
    return (
        f'{{mechanism = password_based, backend = http, method = post, url = "{url}/auth",'
        f" request_timeout = 1s,"
        f' body {{ user = "${{username}}", pass = "${{password}}", id = "${{clientid}}" }}{more}}}'
    )


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (204, "", WELCOME),
        (200, '{"result": "allow"}', WELCOME),
        (200, '{"result": "deny"}', UNKNOWN),
        (200, '{"result": "ignore"}', UNKNOWN),
        (200, "no JSON", UNKNOWN),
        (403, '{"result": "allow"}', UNKNOWN),
        (200, '{"result": "allow", "expire_at": 1}', WRONG),
    ],
)
def test_an_http_server_decides(broker: Node, status: int, body: str, code: int) -> None:
    server = Answering(status, "application/json", body)
    broker.reconfigure(f"authentication = [{asking(server.url)}]\n")
    assert enter(broker, "u1", "p&=1", client_id="dev") == code
    (asked,) = server.asked
    assert asked[:2] == ("POST", "/auth")
    assert json.loads(asked[2]) == {"user": "u1", "pass": "p&=1", "id": "dev"}
    server.close()
    broker.reconfigure(OPEN)


def test_an_http_server_is_asked_by_get_with_everything_in_the_query(broker: Node) -> None:
    server = Answering(200, "application/json", '{"result": "allow", "is_superuser": true}')
    by_get = (
        '{mechanism = password_based, backend = http, method = get, body { u = "${username}" },'
        f' url = "{server.url}/auth/${{clientid}}?a=b"}}'
    )
    broker.reconfigure(f"authentication = [{by_get}]\n")
    assert enter(broker, "u 1&x", "p", client_id="dev/7") == WELCOME
    assert server.asked[0][:2] == ("GET", "/auth/dev%2F7?a=b&u=u+1%26x")
    server.close()
    broker.reconfigure(OPEN)


def test_an_http_server_that_is_away_is_passed_over_and_lets_nobody_in(broker: Node) -> None:
    away = asking("http://127.0.0.1:1")
    broker.reconfigure(f"authentication = [{away}, {TOKENS}]\n")
    assert enter(broker, "u1", "p1") == UNKNOWN
    assert enter(broker, "u1", token({})) == WELCOME
    assert status_of(broker) == "disconnected"
    server = Answering(204, "text/plain", "")
    broker.reconfigure(f"authentication = [{asking(server.url)}]\n")
    assert status_of(broker) == "connected"
    server.close()
    broker.reconfigure(OPEN)


def status_of(broker: Node) -> str:
    _, answer = broker.api("GET", "/authentication/password_based:http/status")
    (node,) = answer["node_status"]
    assert node["node"] == broker.name
    return str(node["status"])


def test_keys_of_a_jwks_endpoint_are_fetched(broker: Node) -> None:
    key = {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()}
    server = Answering(200, "application/json", json.dumps({"keys": [key]}))
    published = f'{{mechanism = jwt, use_jwks = true, endpoint = "{server.url}/keys"}}'
    broker.reconfigure(f"authentication = [{published}]\n")
    assert enter(broker, None, token({})) == WELCOME
    assert enter(broker, None, token({}, secret="another")) == UNKNOWN
    server.close()
    broker.reconfigure(OPEN)


@pytest.mark.parametrize(
    "database",
    [
        'backend = postgresql, server = "127.0.0.1:1", database = mqtt, query = "SELECT 1"',
        'backend = mysql, server = "127.0.0.1:1", database = mqtt, query = "SELECT 1"',
        'backend = redis, server = "127.0.0.1:1", cmd = "HMGET mqtt_user password_hash"',
        'backend = ldap, server = "127.0.0.1:1", username = root, base_dn = "dc=x", method {type = bind}',
    ],
)
def test_a_database_is_accepted_said_not_to_be_asked_and_lets_nobody_in(broker: Node, database: str) -> None:
    broker.reconfigure(f"authentication = [{{mechanism = password_based, {database}}}, {TOKENS}]\n")
    assert enter(broker, "u1", "p1") == UNKNOWN
    assert enter(broker, "u1", token({})) == UNKNOWN
    eventually(lambda: "authenticator_not_asked" in broker.journal())
    broker.reconfigure(OPEN)
