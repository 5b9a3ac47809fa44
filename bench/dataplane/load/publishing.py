"""What a connected client's messages take."""

import select
import statistics
import time

from client import Client, publish_packet
from order import Order

# Enough for a full pipe, too few for a broker to drop any.
WINDOW_MESSAGES = 500
BATCH_MESSAGES = 50
TOPIC = b"bench/"


def round_trips(order: Order) -> dict[str, float]:
    """The median time from PUBLISH with QoS 1 to PUBACK, in seconds."""
    client = Client(order.target, order.prefix)
    payload = bytes(order.payload_bytes)
    times = []
    for _ in range(order.count):
        begun = time.perf_counter()
        client.publish(TOPIC, payload)
        times.append(time.perf_counter() - begun)
    client.leave()
    return {"median_seconds": statistics.median(times)}


def throughput(order: Order) -> dict[str, float]:
    """Messages of QoS 0 that a client sends to itself, by the second."""
    client = Client(order.target, order.prefix)
    topic = TOPIC + order.prefix.encode()
    client.subscribe(topic)
    message = publish_packet(topic, bytes(order.payload_bytes))
    batch = message * BATCH_MESSAGES
    client.socket.setblocking(False)
    begun = time.perf_counter()
    received_bytes, sent_bytes, waiting = 0, 0, b""
    while (passed := time.perf_counter() - begun) < order.seconds:
        if not waiting and sent_bytes - received_bytes < WINDOW_MESSAGES * len(message):
            waiting = batch
        readable, writable, _ = select.select([client.socket], [client.socket] if waiting else [], [], 1)
        if readable:
            chunk = client.socket.recv(262144)
            if not chunk:
                raise ConnectionResetError(f"{order.prefix} was closed while it published")
            received_bytes += len(chunk)
        if writable:
            sent = client.socket.send(waiting)
            sent_bytes, waiting = sent_bytes + sent, waiting[sent:]
    client.socket.close()
    return {"per_second": received_bytes / len(message) / passed}
