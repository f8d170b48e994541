"""Clients that mean no good: others are served meanwhile, and they take no more than their share."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import struct
import time
import zlib
from contextlib import AsyncExitStack

import psutil
import pytest

from fbp_socket import AFAR, SECRET, VIEWER, Served, ask, asking, close_code, drained, frame, run, served, told, until
from fuzz import EXAMPLES, LONG
from msgflo_host.fbp import websocket as module
from msgflo_host.fbp.client_list import ClientHandle, ClientList
from msgflo_host.fbp.envelope import Request

pytestmark = pytest.mark.made_up

CLOSE = 8
PING = 9


async def is_served(server: Served) -> None:
    async with await server.connect() as client:
        assert (await ask(client))["command"] == "getruntime"


def closing_code(everything: bytes) -> int:
    """The code of the closing frame that a raw connection ended with."""
    start = everything.rindex(b"\x88")
    return int(struct.unpack("!H", everything[start + 2 : start + 4])[0])


BREAKING = {
    "binary": (frame(b"{}", opcode=2), 1003),
    "not UTF-8": (frame(b"\xff\xfe"), 1007),
    "a little too long": (frame(b"", length=1024 * 1024 + 1), 1009),
    "100 MB": (frame(b"", length=100_000_000), 1009),
    "8 EB": (frame(b"", length=2**63 - 1), 1009),
    "compressed, though nobody agreed to that": (frame(b"x", first=0xC0), 1002),
    "of a kind that there is not": (frame(b"x", opcode=5), 1002),
    "a ping too long": (frame(b"x" * 126, opcode=PING), 1002),
    "going on with nothing": (frame(b"x", opcode=0), 1002),
}


@pytest.mark.parametrize(("data", "code"), BREAKING.values(), ids=BREAKING)
def test_frames_that_break_the_rules_end_the_connection(data: bytes, code: int) -> None:
    async def main() -> None:
        async with served() as server:
            reader, writer = await server.raw()
            writer.write(data)
            everything = await drained(reader)
            assert closing_code(everything) == code
            writer.close()
            await is_served(server)
            await until(lambda: not len(server.clients))

    run(main)


def test_a_frame_of_100_mb_is_not_kept() -> None:
    async def main() -> None:
        async with served() as server:
            before = psutil.Process().memory_info().rss
            reader, writer = await server.raw()
            ended = asyncio.create_task(drained(reader))
            writer.write(frame(b"x" * 100, length=100_000_000))
            part = b"x" * 1_000_000
            for _ in range(100):
                if ended.done():
                    break
                writer.write(part)
                try:
                    await writer.drain()
                except ConnectionError:
                    break
            writer.close()
            await ended
            assert psutil.Process().memory_info().rss - before < 30_000_000
            await is_served(server)

    run(main)


def test_a_frame_in_pieces_is_bounded_as_a_whole() -> None:
    async def main() -> None:
        async with served() as server:
            reader, writer = await server.raw()
            for number in range(20):
                writer.write(frame(b"x" * 60_000, opcode=0 if number else 1, first=0))
            everything = await drained(reader)
            assert closing_code(everything) == 1009
            writer.close()

    run(main)


def test_compression_is_not_agreed_to() -> None:
    async def main() -> None:
        async with served() as server:
            reader, writer = await server.raw(
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            )
            bomb = zlib.compressobj(wbits=-15)
            writer.write(frame(bomb.compress(b"[" * 50_000_000) + bomb.flush(), first=0xC0))
            assert closing_code(await drained(reader)) == 1002
            writer.close()
            async with server.session.ws_connect(server.url, compress=15) as client:
                assert not client.compress

    run(main)


def test_a_client_that_never_reads_delays_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
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

    run(main)
    assert caplog.text.count("it does not read what it is sent") == 1


def test_whoever_asks_much_and_reads_nothing_is_disconnected() -> None:
    async def main() -> None:
        async with served() as server:
            _, writer = await server.raw()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            question = frame(asking("graph", "clear", payload={"text": "x" * 100_000}).encode())

            async def ask_on() -> None:
                while True:
                    writer.write(question)
                    await writer.drain()

            with pytest.raises(ConnectionError):
                await ask_on()
            await is_served(server)
            await until(lambda: not len(server.clients))

    run(main)


@pytest.mark.parametrize("opcode", [1, PING])
def test_a_flood_does_not_starve_others(opcode: int) -> None:
    async def main() -> None:
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

    run(main)


def test_who_asks_without_end_has_half_of_the_time() -> None:
    async def main() -> None:
        async with served() as server, await server.connect() as client:
            server.answer = lambda client, request: time.sleep(0.02)
            start = asyncio.get_running_loop().time()
            for _ in range(10):
                await client.send_str(asking())
            await client.send_str(asking("graph", "x" * 201))
            assert (await told(client))["command"] == "error"
            assert asyncio.get_running_loop().time() - start > 0.39

    run(main)


def test_secrets_cannot_be_tried_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRONG_SECRET_S", 0.1)

    async def main() -> None:
        async with served() as server, await server.connect(headers=AFAR) as client:
            start = asyncio.get_running_loop().time()
            for number in range(5):
                await client.send_str(asking("graph", "clear", secret=f"try {number}"))
            await client.send_str(asking("graph", "clear", secret=SECRET))
            answers = [await told(client) for _ in range(6)]
            assert [answer["command"] for answer in answers] == ["error"] * 5 + ["clear"]
            assert asyncio.get_running_loop().time() - start > 0.45

    run(main)


def test_many_connections_keep_nobody_out() -> None:
    async def main() -> None:
        async with served(ClientList(limit=20)) as server, AsyncExitStack() as stack:
            good = await stack.enter_async_context(await server.connect())
            known = await stack.enter_async_context(await server.connect(headers=AFAR))
            await ask(known, secret=VIEWER)

            async def come() -> int | None:
                async with await server.connect(headers=AFAR, protocols=["noflo"]) as stranger:
                    return await close_code(stranger)

            coming = [asyncio.create_task(come()) for _ in range(200)]
            await until(lambda: sum(each.done() for each in coming) == 182)  # 20 places, two are taken
            assert {each.result() for each in coming if each.done()} == {1008}
            assert len(server.clients) == 20
            for each in (good, known):
                assert (await ask(each))["command"] == "getruntime"
            await is_served(server)
            for stranger in coming:
                stranger.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    run(main)


@(pytest.mark.soak if LONG else lambda test: test)
def test_random_and_mutated_frames(caplog: pytest.LogCaptureFixture) -> None:
    source = random.Random(3569)
    pattern = asking(
        "graph", "addnode", secret=SECRET, requestId="1", payload={"id": "a", "graph": "g", "metadata": {"x": 1}}
    )

    def hostile() -> str:
        if source.random() < 0.5:
            return "".join(map(chr, (source.randrange(0xD800) for _ in range(source.randrange(60)))))
        text = list(pattern)
        for _ in range(source.randint(1, 6)):
            text[source.randrange(len(text))] = chr(source.choice((source.randrange(128), source.randrange(0xD800))))
        return "".join(text)

    async def main() -> None:
        async with served() as server, await server.connect(headers=AFAR) as client:
            reader = asyncio.create_task(close_code(client))
            for number in range(max(500, EXAMPLES)):
                # Wrong secrets are slow, which is another test's.
                text = hostile()
                if SECRET in text or '"secret"' not in text:
                    await client.send_str(text)
                if number % 100 == 0:
                    await is_served(server)
            await client.send_str(asking("graph", "theend", secret=SECRET))
            await until(lambda: server.requests and server.requests[-1].command == "theend")
            assert not reader.done()
            reader.cancel()

    run(main)
    assert "Traceback" not in caplog.text
    assert SECRET not in caplog.text


def test_clients_without_a_sign_of_life_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.2)

    async def main() -> None:
        async with served() as server:
            silent, asked = [await server.raw() for _ in range(2)]
            asked[1].write(frame(asking().encode()))
            for everything in await asyncio.gather(drained(silent[0]), drained(asked[0])):
                assert everything.count(b"\x89\x00") >= 1
            silent[1].close()
            asked[1].close()
            await until(lambda: not len(server.clients))

    run(main)


def test_a_client_that_takes_no_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSING_S", 0.2)

    async def main() -> None:
        async with served() as server:
            reader, writer = await server.raw()
            await until(lambda: len(server.clients) == 1)
            server.clients.close()
            await until(lambda: not len(server.clients))
            assert closing_code(await drained(reader)) == 1001
            writer.close()

    run(main)


@pytest.mark.parametrize(
    "noise", [b"\x00" * 100, b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n", b""]
)
def test_what_is_no_websocket_is_refused(noise: bytes) -> None:
    async def main() -> None:
        async with served() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(noise)
            writer.write_eof()
            assert b" 101 " not in await drained(reader)
            writer.close()
            await is_served(server)

    run(main)


def test_a_closing_frame_with_more_behind_it() -> None:
    async def main() -> None:
        async with served() as server:
            reader, writer = await server.raw()
            writer.write(frame(struct.pack("!H", 1000), opcode=CLOSE) + frame(asking().encode()) * 100)
            await drained(reader)
            writer.close()
            await until(lambda: not len(server.clients))
            assert server.requests == []

    run(main)


def test_only_who_has_shown_a_secret_sends_long_frames() -> None:
    async def main() -> None:
        async with served() as server:
            long = asking("graph", "clear", filling="x" * 100_000)
            async with await server.connect(headers=AFAR) as stranger:
                await stranger.send_str(long)
                assert await close_code(stranger) == 1009
            async with await server.connect(headers=AFAR) as known:
                assert (await ask(known, secret=SECRET))["command"] == "getruntime"
                await known.send_str(asking("graph", "clear", filling="x" * 100_000, secret=SECRET))
                assert (await told(known))["command"] == "clear"

    run(main)


def test_whoever_asks_what_takes_long_waits_as_long() -> None:
    async def main() -> None:
        async with served() as server, await server.connect() as client, await server.connect() as other:
            answer = server.handle
            times: list[float] = []

            def slowly(one: ClientHandle, request: Request) -> None:
                if request.command == "slow":
                    times.append(time.monotonic())
                    time.sleep(0.1)
                answer(one, request)

            server.answer = slowly
            for _ in range(5):
                await client.send_str(asking("runtime", "slow"))
            await ask(other)
            for _ in range(5):
                await told(client)
            assert all(later - earlier >= 0.19 for earlier, later in itertools.pairwise(times))

    run(main)


def test_json_that_is_deep_wide_or_odd_is_answered() -> None:
    async def main() -> None:
        async with served() as server, await server.connect() as client:
            for text in (
                "[" * 500_000,
                '{"a":' * 100_000,
                "[" + "0," * 300_000 + "0]",
                '{"protocol": "graph", "command": "clear", "payload": {"n": 1e999}}',
                '{"protocol": "graph", "command": "clear", "payload": {"n": ' + "9" * 4000 + "}}",
                '{"protocol": "graph", "command": "clear", "payload": {"n": NaN}}',
                '{"protocol": "graph", "command": "clear", "payload": {"n": "\\ud800"}}',
                '{"protocol": "graph", "command": "clear", "payload": {"n": 1}} {}',
            ):
                await client.send_str(text)
                assert (await told(client))["command"] == "error"
            twice = json.dumps({"text": "\ud83d\ude00 \u0000"})
            await client.send_str(f'{{"protocol":"runtime","command":"a","command":"b","payload":{twice}}}')
            assert await told(client) == {"protocol": "runtime", "command": "b", "payload": json.loads(twice)}

    run(main)
