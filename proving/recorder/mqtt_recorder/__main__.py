"""Listens in place of a broker's listener, and writes one JSON line for each connection to standard output.

Clients are accepted and kept: PINGREQ is answered, DISCONNECT ends the connection, all else is dropped. One
whose password is `refuse CODE` is refused with that code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from . import connect_packet, proxy_header

_FIRST_PACKET_SECONDS = 10
_LARGEST_PACKET = 1024 * 1024
_PINGREQ, _DISCONNECT = 0xC0, 0xE0
_PINGRESP = b"\xd0\x00"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="mqtt_recorder", description=__doc__)
    parser.add_argument("--address", default="0.0.0.0", help="listens here (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="the port; 0 for any")
    parser.add_argument("--no-proxy", action="store_true", help="expect no PROXY header")
    options = parser.parse_args(arguments)
    asyncio.run(serve(options.address, options.port, not options.no_proxy))


async def serve(address: str, port: int, proxy: bool) -> None:
    """Serves until it is ended; the first line that it writes says where it listens."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _handle(reader, writer, proxy)

    server = await asyncio.start_server(handle, address, port, backlog=1024)
    _write({"listening": server.sockets[0].getsockname()[1]})
    async with server:
        await server.serve_forever()


async def _handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: bool) -> None:
    peer = writer.get_extra_info("peername")
    record: dict[str, Any] = {"peer": {"address": peer[0], "port": peer[1]}}
    try:
        await asyncio.wait_for(_read_start(reader, record, proxy), _FIRST_PACKET_SECONDS)
        connect = record["connect"]
        code = connect.pop("refuse", 0)
        writer.write(connect_packet.connack(connect["protocolLevel"], code))
        await writer.drain()
        record["outcome"] = "accepted" if code == 0 else f"refused: {code}"
    except (ValueError, OSError, EOFError) as error:
        record["outcome"] = f"refused: {error}"
    except asyncio.TimeoutError:
        record["outcome"] = f"refused: no CONNECT within {_FIRST_PACKET_SECONDS} s"
    _write(record)
    try:
        if record["outcome"] == "accepted":
            await _converse(reader, writer)
    except (ValueError, OSError, EOFError):
        pass  # The client went away, which is how most connections end.
    finally:
        writer.close()


async def _read_start(reader: asyncio.StreamReader, record: dict[str, Any], proxy: bool) -> None:
    if proxy:
        fixed = await reader.readexactly(proxy_header.FIXED_BYTES)
        body = await reader.readexactly(proxy_header.body_length(fixed))
        record["proxy"] = proxy_header.parse(fixed, body)
    first, body = await _read_packet(reader)
    record["connect"] = connect_packet.parse(first, body)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        first, _ = await _read_packet(reader)
        if first == _DISCONNECT:
            return
        if first == _PINGREQ:
            writer.write(_PINGRESP)
            await writer.drain()


async def _read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(2)
    while (frame := connect_packet.frame_length(head)) is None:
        head += await reader.readexactly(1)
    _, length = frame
    if length > _LARGEST_PACKET:
        raise connect_packet.PacketError(f"a packet of {length} bytes; allowed: {_LARGEST_PACKET}")
    return head[0], await reader.readexactly(length)


def _write(record: dict[str, Any]) -> None:
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
