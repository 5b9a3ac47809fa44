"""A host of the fabric's tests: does what it is told in the network namespace that it runs in.

It is told one JSON object a line, and answers in JSON with the `id` of what it answers. Servers greet with
their name and the address that they see the client under, then send back every line.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

Request = dict[str, Any]

name = sys.argv[1]
held: dict[str, socket.socket] = {}
received: list[str] = []
printing = threading.Lock()


def answer(request: Request, **fields: object) -> None:
    with printing:
        print(json.dumps({"id": request["id"], **fields}), flush=True)


def attend(client: socket.socket, peer: tuple[str, int]) -> None:
    try:
        with client:
            client.sendall(f"{name} {peer[0]}\n".encode())
            while data := client.recv(4096):
                client.sendall(data)
    except OSError:
        return


def serve_tcp(request: Request) -> None:
    server = socket.create_server((request.get("address", ""), request["port"]), backlog=64)
    answer(request, result="serving")
    while True:
        client, peer = server.accept()
        threading.Thread(target=attend, args=(client, peer), daemon=True).start()


def serve_udp(request: Request) -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", request["port"]))
    answer(request, result="serving")
    while True:
        _, peer = server.recvfrom(4096)
        server.sendto(f"{name} {peer[0]}\n".encode(), peer)


def serve_raw(request: Request) -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_RAW, request["protocol"])
    answer(request, result="serving")
    while True:
        packet, peer = server.recvfrom(4096)
        received.append(f"{peer[0]} {packet[20:].decode()}")


def connect(request: Request) -> socket.socket:
    source = (request["source"], 0) if "source" in request else None
    return socket.create_connection((request["address"], request["port"]), request["timeout"], source)


def greeting(request: Request) -> str:
    with connect(request) as connection:
        return connection.recv(4096).decode().strip()


def hold(request: Request) -> str:
    connection = connect(request)
    held[request["name"]] = connection
    return connection.recv(4096).decode().strip()


def say(request: Request) -> str:
    connection = held[request["name"]]
    connection.settimeout(request["timeout"])
    connection.sendall(b"still there\n")
    return connection.recv(4096).decode().strip() or "closed"


def ask_udp(request: Request) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        if "source" in request:
            client.bind((request["source"], 0))
        client.settimeout(request["timeout"])
        client.sendto(b"?", (request["address"], request["port"]))
        data, peer = client.recvfrom(4096)
        return f"{data.decode().strip()} from {peer[0]}"


def send_raw(request: Request) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, request["protocol"]) as client:
        if "source" in request:
            client.bind((request["source"], 0))
        client.sendto(request["text"].encode(), (request["address"], 0))
    return "sent"


def take_received(_: Request) -> str:
    return "\n".join(received)


servers = {"serveTcp": serve_tcp, "serveUdp": serve_udp, "serveRaw": serve_raw}
questions = {
    "greeting": greeting,
    "hold": hold,
    "say": say,
    "askUdp": ask_udp,
    "sendRaw": send_raw,
    "received": take_received,
}


def work(request: Request) -> None:
    try:
        if request["do"] in servers:
            servers[request["do"]](request)
        else:
            answer(request, result=questions[request["do"]](request))
    except KeyError as missing:
        answer(request, result=f"nothing held or given as {missing}")
    except TimeoutError:
        answer(request, result="silence")
    except OSError as error:
        answer(request, result=error.__class__.__name__ if error.errno is None else error.strerror)


for line in sys.stdin:
    threading.Thread(target=work, args=(json.loads(line),), daemon=True).start()
