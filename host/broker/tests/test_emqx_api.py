"""EMQX's API where it does not answer as expected."""

import socket
import threading

import pytest

from broker import emqx_api
from broker.emqx_api import ApiError, call


@pytest.mark.parametrize(
    "said",
    [
        b"what?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe{",
        b"",
    ],
    ids=["nonsense", "cut short", "cut short refusal", "no JSON", "nothing"],
)
def test_whatever_comes_is_one_kind_of_error(
    emqx: object, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setattr(emqx_api, "BASE", f"http://127.0.0.1:{server.getsockname()[1]}/")
        with pytest.raises(ApiError):
            call("GET", "authentication")
