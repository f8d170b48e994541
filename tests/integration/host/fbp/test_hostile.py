"""Hostile clients: others are served meanwhile, and they get no more than their share."""

from __future__ import annotations

import asyncio
import struct
import zlib

import pytest

from event_loop import until
from fbp_socket import AFAR, SECRET, Served, ask, asking, close_code, drained, frame, served, told
from msgflo_host.fbp import websocket as module

pytestmark = pytest.mark.made_up

PING = 9


async def is_served(server: Served) -> None:
    async with await server.connect() as client:
        assert (await ask(client))["command"] == "getruntime"


def closing_code(everything: bytes) -> int:
    """The code of the closing frame that a raw connection ended with."""
    start = everything.rindex(b"\x88")
    return int(struct.unpack("!H", everything[start + 2 : start + 4])[0])


async def test_compression_is_not_agreed_to() -> None:
    async with served() as server:
        reader, writer = await server.raw("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
        bomb = zlib.compressobj(wbits=-15)
        writer.write(frame(bomb.compress(b"[" * 50_000_000) + bomb.flush(), first=0xC0))
        assert closing_code(await drained(reader)) == 1002
        writer.close()
        async with server.session.ws_connect(server.url, compress=15) as client:
            assert not client.compress


async def test_a_client_that_never_reads_delays_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as server, await server.connect() as good:
        _, writer = await server.raw()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: len(server.clients) == 2)
        node = {"id": "n" * 1000, "graph": "g"}
        sent = 0
        while len(server.clients) == 2:
            server.clients.broadcast("graph", "removenode", node)
            sent += 1
            assert (await told(good))["payload"] == node
        assert sent >= 10_000
        assert (await ask(good))["command"] == "getruntime"
        writer.close()
    assert caplog.text.count("it does not read what it is sent") == 1


@pytest.mark.parametrize("opcode", [1, PING])
async def test_a_flood_does_not_starve_others(opcode: int) -> None:
    async with served() as server, await server.connect() as good:
        reader, writer = await server.raw()
        reading = asyncio.create_task(drained(reader))
        flood = frame(b"[" if opcode == 1 else b"", opcode=opcode) * 1000

        async def pour() -> None:
            while True:
                writer.write(flood)
                await writer.drain()

        pouring = asyncio.create_task(pour())
        for number in range(200):
            assert (await ask(good, requestId=str(number)))["responseTo"] == str(number)
        assert not pouring.done()
        assert not reading.done()
        for task in (pouring, reading):
            task.cancel()
        writer.close()


async def test_secrets_cannot_be_tried_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRONG_SECRET_S", 0.1)
    async with served() as server, await server.connect(headers=AFAR) as client:
        start = asyncio.get_running_loop().time()
        for number in range(5):
            await client.send_str(asking("graph", "clear", secret=f"try {number}"))
        await client.send_str(asking("graph", "clear", secret=SECRET))
        answers = [await told(client) for _ in range(6)]
        assert [answer["command"] for answer in answers] == ["error"] * 5 + ["clear"]
        assert asyncio.get_running_loop().time() - start > 0.45


async def test_only_who_has_shown_a_secret_sends_long_frames() -> None:
    async with served() as server:
        long = asking("graph", "clear", filling="x" * 100_000)
        async with await server.connect(headers=AFAR) as stranger:
            await stranger.send_str(long)
            assert await close_code(stranger) == 1009
        async with await server.connect(headers=AFAR) as known:
            assert (await ask(known, secret=SECRET))["command"] == "getruntime"
            await known.send_str(asking("graph", "clear", filling="x" * 100_000, secret=SECRET))
            assert (await told(known))["command"] == "clear"


@pytest.mark.parametrize(
    ("data", "code"),
    [(frame(b"{}", opcode=2), 1003), (frame(b"", length=1024 * 1024 + 1), 1009)],
    ids=["binary", "too long"],
)
async def test_frames_that_are_binary_or_too_long_end_the_connection(data: bytes, code: int) -> None:
    async with served() as server:
        reader, writer = await server.raw()
        writer.write(data)
        everything = await drained(reader)
        assert closing_code(everything) == code
        writer.close()
        await is_served(server)
        await until(lambda: not len(server.clients))


async def test_clients_without_a_sign_of_life_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.2)
    async with served() as server:
        silent, asked = [await server.raw() for _ in range(2)]
        asked[1].write(frame(asking().encode()))
        for everything in await asyncio.gather(drained(silent[0]), drained(asked[0])):
            assert everything.count(b"\x89\x00") >= 1
        silent[1].close()
        asked[1].close()
        await until(lambda: not len(server.clients))
