"""MQTT for browsers: passes bytes between WebSockets on the page's port and the broker.

So a browser reaches any broker that the coordinator does, and Mosquitto needs no port for WebSockets. With a port that asks
for accounts beside one that does not, it would queue nothing for absent clients (mosquitto issue 2618).

A client with the capability needs no account: the coordinator's is filled in. Others, such as people's own pages, name an
account of our own Mosquitto, which checks it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from msgflo import Broker
from msgflo.errors import Error
from msgflo.paho_open import open_connection

from ..wire import frames
from ..wire.frames import MalformedPacket
from .authorization import Gate
from .websocket_pipe import until_one_ends

__all__ = ["CAPABILITY", "Mqtt", "with_account"]

CAPABILITY = "protocol:network"  # who may start, stop and see all packets; an account of the broker is no less

_PROTOCOL = "mqtt"
_MOST_CONNECTIONS = 100
_CONNECT_S = 10
_HEARTBEAT_S = 30
_LARGEST = 20 * 1024 * 1024
"""Bytes of a message; our own Mosquitto takes packets of this length."""
_LARGEST_CONNECT = 256 * 1024
_CHUNK = 1 << 16
_CONNECT, _USER_NAME, _PASSWORD = 0x10, 0x80, 0x40  # MQTT 3.1.1, §3.1
_UNAVAILABLE, _NOT_AUTHORISED = b"\x20\x02\x00\x03", b"\x20\x02\x00\x05"  # CONNACK (§3.2)


class Mqtt:
    """Serves MQTT on WebSockets."""

    def __init__(self, gate: Gate, broker: Broker, *, is_own_broker: bool) -> None:
        self._gate = gate
        self._broker = broker
        self._is_own_broker = is_own_broker
        self._connections = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one browser until it or the broker closes."""
        is_ours = await self._gate.admits(request, CAPABILITY)
        if not is_ours and not self._is_own_broker:  # another broker may take any account, from anybody's page
            await self._gate.require(request, CAPABILITY)
        if self._connections >= _MOST_CONNECTIONS:
            raise web.HTTPServiceUnavailable(text="too many connections of browsers\n")
        self._connections += 1
        try:
            browser = web.WebSocketResponse(protocols=(_PROTOCOL,), max_msg_size=_LARGEST, heartbeat=_HEARTBEAT_S)
            await browser.prepare(request)
            await self._connect(browser, is_ours=is_ours)
            await browser.close()
        finally:
            self._connections -= 1
        return browser

    async def _connect(self, browser: web.WebSocketResponse, *, is_ours: bool) -> None:
        """Pass on the first packet, with an account, and then all others."""
        with suppress(TimeoutError, TypeError, MalformedPacket):  # TypeError: text, or the end, where bytes are due
            async with asyncio.timeout(_CONNECT_S):
                connect, rest = await _first_packet(browser)
            admitted = with_account(connect, self._broker if is_ours else None)
            if admitted is None:
                await browser.send_bytes(_NOT_AUTHORISED)
                return
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            try:
                transport = await open_connection(self._broker, protocol, _CONNECT_S)
            except Error:
                await browser.send_bytes(_UNAVAILABLE)
                return
            writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
            writer.write(admitted + rest)
            try:
                await until_one_ends(_to_browser(reader, browser), _to_broker(browser, writer))
            finally:
                writer.close()


def with_account(connect: bytes, broker: Broker | None) -> bytes | None:
    """Return a CONNECT with the broker's account where it names none; None where neither names one.

    Raises MalformedPacket.
    """
    found = frames.length(connect, 0)
    if found is None or connect[0] != _CONNECT:
        raise MalformedPacket("no CONNECT")
    start = found[1]
    flags_at = start + 2 + int.from_bytes(connect[start : start + 2], "big") + 1
    if flags_at >= len(connect):
        raise MalformedPacket("a CONNECT without flags")
    flags = connect[flags_at]
    if flags & _USER_NAME:
        return connect
    if broker is None:
        return None
    if broker.user is None:
        return connect
    account = [part for part in (broker.user, broker.password) if part is not None]
    flags |= _USER_NAME | (_PASSWORD if broker.password is not None else 0)
    body = connect[start:flags_at] + bytes((flags,)) + connect[flags_at + 1 :] + b"".join(map(frames.text, account))
    return connect[:1] + frames.encode_length(len(body)) + body


async def _first_packet(browser: web.WebSocketResponse) -> tuple[bytes, bytes]:
    """Read until there is a whole packet; return it and the bytes after it. Raises MalformedPacket."""
    data = b""
    while len(data) < _LARGEST_CONNECT and data[:1] in (b"", bytes((_CONNECT,))):
        data += await browser.receive_bytes()
        if len(data) > 1 and (found := frames.length(data, 0)) is not None and len(data) >= (end := sum(found)):
            return data[:end], data[end:]
    raise MalformedPacket("no CONNECT, or one that is too long")


async def _to_browser(reader: asyncio.StreamReader, browser: web.WebSocketResponse) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            await browser.send_bytes(data)


async def _to_broker(browser: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        async for message in browser:
            if message.type is not WSMsgType.BINARY:
                return
            writer.write(message.data)
            await writer.drain()
