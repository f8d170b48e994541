"""What a session does in the course of time, by a clock that the test moves."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

import msgflo
from memory_broker import MemoryBroker, Write
from msgflo.paho_transport import Transport
from simulation import until

CONNECT, PINGREQ = 0x10, 0xC0


class Meter(msgflo.Participant):
    component = "test/Meter"
    outports = (msgflo.Port("value"),)


async def times(session: msgflo.Session, found: list[float], seconds: float) -> list[float]:
    """Run a session for so long; returns the seconds between the times found meanwhile."""
    running = asyncio.create_task(session.run())
    await asyncio.sleep(seconds)
    await session.stop()
    await running
    return [later - before for before, later in itertools.pairwise(found)]


async def test_discovery_is_repeated_so_often_that_one_message_may_be_lost() -> None:
    reported: list[float] = []
    with MemoryBroker() as broker:
        loop = asyncio.get_running_loop()
        broker.on_publish.append(lambda topic, payload: reported.append(loop.time()) if topic == "fbp" else None)
        intervals = await times(msgflo.Session([Meter("meter")], broker.url), reported, 1000)
    assert len(intervals) > 30
    assert max(intervals) < Meter.period / 2


async def test_pauses_before_connecting_again_grow_up_to_a_bound() -> None:
    tried: list[float] = []

    def answer(first: int, content: bytes, write: Write) -> None:
        if first == CONNECT:
            tried.append(asyncio.get_running_loop().time())

    with MemoryBroker(connack=3, answer=answer) as broker:
        pauses = await times(msgflo.Session([Meter("meter")], broker.url), tried, 1000)
    for pause, expected in zip(pauses, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, *[6] * 100], strict=False):
        assert 0.7 * expected < pause < 1.3 * expected
    assert len(pauses) > 100
    assert len(set(pauses)) > 100  # so that not all come at once


async def test_the_first_try_to_connect_again_comes_within_200_ms_and_the_next_soon_after() -> None:
    loop = asyncio.get_running_loop()
    with MemoryBroker() as broker:
        session = msgflo.Session([Meter("meter")], broker.url, log=lambda text: None)
        running = asyncio.create_task(session.run())
        await asyncio.sleep(60)
        broker.stop()
        before, lost = session.attempts, loop.time()
        while session.attempts < before + 2:  # that of the connection that has ended, and the first that failed
            await asyncio.sleep(0.001)
        assert loop.time() - lost < 0.2
        await asyncio.sleep(0.2 - (loop.time() - lost))
        broker.start()
        while not session.connected:
            await asyncio.sleep(0.001)
        assert loop.time() - lost < 0.5
        await session.stop()
        await running


async def test_a_wrong_account_ends_a_session_unless_it_was_right_before() -> None:
    with MemoryBroker(connack=5) as broker:
        with pytest.raises(msgflo.Refused, match=r"not authorised \(code 5\)$"):
            await msgflo.Session([Meter("meter")], broker.url).run()
        broker.connack = 0
        session = msgflo.Session([Meter("meter")], broker.url)
        running = asyncio.create_task(session.run())
        await until(lambda: session.connected)
        broker.stop()
        broker.connack = 5
        broker.start()
        await until(lambda: session.attempts > 5)
        broker.connack = 0
        await until(lambda: session.connected)
        await session.stop()
        await running


async def test_a_broker_that_falls_silent_is_noticed_and_one_that_answers_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paho.mqtt.client.time_func", time.monotonic)  # it holds the real one
    loop = asyncio.get_running_loop()
    silent = False
    asked: list[float] = []

    def answer(first: int, content: bytes, write: Write) -> bool:
        if silent and first == PINGREQ:
            asked.append(loop.time())
        return silent and first == PINGREQ

    with MemoryBroker(answer=answer) as broker:
        transport = Transport(broker.address, "test", keepalive=30, on_message=lambda *_: None)
        await transport.connect()
        ended = asyncio.create_task(transport.closed())
        await asyncio.sleep(1000)
        assert not ended.done()  # while it answers, all is well
        silent = True
        async with asyncio.timeout(90):
            assert "no answer" in await ended
        assert loop.time() - asked[0] < 31.5  # by then it has not to close the connection, too
        assert not transport.ready
