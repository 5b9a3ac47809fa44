"""The recorder as a process: what it reports of a connection's first bytes."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

FOLDER = Path(__file__).parents[1]


class Recorder:
    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "mqtt_recorder", "--address", "127.0.0.1", "--port", "0", *options]
        self.process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True)
        self.port = int(self.record()["listening"])

    def record(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        record: dict[str, Any] = json.loads(self.process.stdout.readline())
        return record

    def send(self, data: bytes) -> tuple[bytes, dict[str, Any]]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(100):
                answer += part
        return answer, self.record()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    started = Recorder()
    yield started
    started.process.kill()
    started.process.wait()


def header(tlvs: bytes = b"", command: int = 1) -> bytes:
    body = (
        socket.inet_aton("203.0.113.9")
        + socket.inet_aton("192.0.2.5")
        + struct.pack(">HH", 5555, 1884)
        + tlvs
    )
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, 0x11]) + struct.pack(">H", len(body)) + body


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(value)) + value


def text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def connect(name: str, level: int, client_id: str, flags: int = 2, more: bytes = b"") -> bytes:
    properties = b"\0" if level == 5 else b""
    body = text(name) + bytes([level, flags]) + struct.pack(">H", 60) + properties + text(client_id) + more
    return bytes([0x10, len(body)]) + body


@pytest.mark.parametrize(
    ("name", "level", "connack"),
    [("MQIsdp", 3, b" \x02\0\0"), ("MQTT", 4, b" \x02\0\0"), ("MQTT", 5, b" \x03\0\0\0")],
)
def test_every_version_of_mqtt_is_accepted(recorder: Recorder, name: str, level: int, connack: bytes) -> None:
    answer, record = recorder.send(header() + connect(name, level, "device-7"))
    assert answer == connack
    assert record["outcome"] == "accepted"
    assert record["connect"]["protocolName"] == name
    assert record["connect"]["protocolLevel"] == level
    assert record["connect"]["clientId"] == "device-7"
    assert record["proxy"]["source"] == {"address": "203.0.113.9", "port": 5555}


def test_the_common_name_of_a_client_certificate_is_shown(recorder: Recorder) -> None:
    value = struct.pack(">BI", 7, 0) + tlv(0x21, b"TLSv1.3") + tlv(0x22, "gerät".encode())
    _, record = recorder.send(header(tlv(0x20, value) + tlv(0xE1, b"own")) + connect("MQTT", 4, "a"))
    assert record["proxy"]["ssl"]["cn"] == "gerät"
    assert record["proxy"]["ssl"]["verify"] == 0
    assert [found["type"] for found in record["proxy"]["tlvs"]] == [0x20, 0xE1]


def test_a_user_name_is_shown_and_a_password_is_not(recorder: Recorder) -> None:
    packet = connect("MQTT", 4, "a", flags=0xC2, more=text("joe") + text("hunter2"))
    _, record = recorder.send(header() + packet)
    assert record["connect"]["username"] == "joe"
    assert record["connect"]["hasPassword"] is True
    assert "hunter2" not in json.dumps(record)


@pytest.mark.parametrize(("level", "connack"), [(4, b" \x02\0\x05"), (5, b" \x03\0\x05\0")])
def test_a_client_that_asks_to_be_refused_is(recorder: Recorder, level: int, connack: bytes) -> None:
    packet = connect("MQTT", level, "a", flags=0xC2, more=text("joe") + text("refuse 5"))
    answer, record = recorder.send(header() + packet)
    assert answer == connack
    assert record["outcome"] == "refused: 5"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (connect("MQTT", 4, "a") + b"\0" * 16, "expected a PROXY v2 header"),
        (header() + b"GET / HTTP/1.1\r\n\r\n" + b"x" * 100, "expected CONNECT"),
        (header() + connect("MQTT", 6, "a"), "no version of MQTT"),
        (header(tlv(0x22, b"short")[:-1]) + connect("MQTT", 4, "a"), "TLV 0x22 says 5 bytes"),
        (header() + connect("MQTT", 4, "a")[:-1], "bytes read on a total of"),
    ],
)
def test_other_bytes_are_refused_with_a_reason(recorder: Recorder, data: bytes, reason: str) -> None:
    answer, record = recorder.send(data)
    assert answer == b""
    assert record["outcome"].startswith("refused: ")
    assert reason in record["outcome"]


def test_a_ping_is_answered(recorder: Recorder) -> None:
    answer, _ = recorder.send(header() + connect("MQTT", 4, "a") + b"\xc0\0" + b"\xe0\0")
    assert answer == b" \x02\0\0\xd0\0"


def test_what_haproxy_hands_on_of_a_client_certificate_arrives(recorder: Recorder, tmp_path: Path) -> None:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert haproxy is not None, "haproxy is not installed"
    make_certificate(tmp_path, "device-42")
    port = free_port()
    pem = tmp_path / "both.pem"
    (tmp_path / "haproxy.cfg").write_text(
        "defaults\n mode tcp\n timeout client 5s\n timeout server 5s\n timeout connect 1s\n"
        f"listen l\n bind 127.0.0.1:{port} ssl crt {pem} ca-file {tmp_path / 'cert.pem'} verify required\n"
        f" server s 127.0.0.1:{recorder.port} send-proxy-v2 proxy-v2-options ssl,cert-cn\n"
    )
    process = subprocess.Popen([haproxy, "-db", "-q", "-f", str(tmp_path / "haproxy.cfg")])
    try:
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        context.check_hostname = False
        context.load_cert_chain(pem)
        with context.wrap_socket(dial(port)) as connection:
            connection.sendall(connect("MQTT", 4, "a"))
            assert connection.recv(10) == b" \x02\0\0"
    finally:
        process.terminate()
        process.wait()
    record = recorder.record()
    assert record["proxy"]["ssl"]["cn"] == "device-42"
    assert record["proxy"]["ssl"]["client"] == ["ssl", "certificateOnConnection", "certificateInSession"]


def dial(port: int) -> socket.socket:
    """Connects once HAProxy listens."""
    deadline = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "HAProxy does not listen"
            time.sleep(0.02)


def make_certificate(folder: Path, name: str) -> None:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-subj", f"/CN={name}", "-days", "2", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "both.pem").write_text(certificate.read_text() + key.read_text())
