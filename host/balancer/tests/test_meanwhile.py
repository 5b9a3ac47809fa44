"""Calls that are waited for beside other things."""

import select
import socket
import ssl
import threading
import time
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from pki import Authority

from balancer.meanwhile import Call


def is_over(call: Call, seconds: float) -> bool:
    return bool(select.select([call.ready], [], [], seconds)[0])


def test_its_outcome_is_the_calls_own() -> None:
    call = Call(lambda one, two: one + two, 1, 2)
    assert is_over(call, 5)
    assert call.outcome() == 3


def test_its_failure_is_the_calls_own() -> None:
    call = Call(int, "x")
    assert is_over(call, 5)
    with pytest.raises(ValueError, match="invalid literal"):
        call.outcome()


def test_a_new_tls_connection_is_not_over_before_there_is_an_answer(tmp_path: Path) -> None:
    """TLS 1.3 sends tickets first, which make the socket readable."""
    pki = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pki.path("server.pem"), pki.path("server.pem.key"))
    listener = socket.create_server(("127.0.0.1", 0))
    answer = threading.Event()
    asked: list[bytes] = []

    def serve() -> None:
        with server.wrap_socket(listener.accept()[0], server_side=True) as client:
            asked.append(client.recv(1000))
            answer.wait(10)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    threading.Thread(target=serve, daemon=True).start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection("127.0.0.1", listener.getsockname()[1], context=context, timeout=5)

    def exchange(connection: HTTPSConnection) -> bytes:
        connection.request("POST", "/")
        return connection.getresponse().read()

    call = Call(exchange, connection)
    assert not is_over(call, 0.5)
    assert asked
    answer.set()
    assert is_over(call, 5)
    assert call.outcome() == b"hi"


def test_one_that_was_given_up_while_it_connects_sends_nothing() -> None:
    sent: list[str] = []
    connecting = threading.Event()
    goes_on = threading.Event()

    class Slow(HTTPSConnection):
        def connect(self) -> None:
            connecting.set()
            goes_on.wait(10)

    call = Call(lambda connection: sent.append("request"), Slow("127.0.0.1"))
    assert connecting.wait(5)
    call.give_up()
    goes_on.set()
    deadline = time.monotonic() + 5
    while call._failure is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (sent, str(call._failure)) == ([], "given up")
