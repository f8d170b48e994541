"""Handlers: in order, whatever they are and whatever they do."""

import asyncio

from host import equal, until
from msgflo import Participant, Port
from parts import Source, contains, run


class Worker(Participant):
    inports = [Port("fast"), Port("slow"), Port("bad")]
    outports = [Port("error")]

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.done = []
        self.gate = asyncio.Event()

    def on_fast(self, value):
        self.done.append(value)

    async def on_slow(self, value):
        await self.gate.wait()
        self.done.append(value)

    async def on_bad(self, value):
        if value == "cancel":
            raise asyncio.CancelledError
        return 1 // 0


async def test_packets_wait_while_an_async_handler_is_busy(host):
    worker = Worker("w")
    session, _ = await run(await host.ask("broker"), worker)
    expected = ["s0", "f1", "s2", "f3", "f4"]
    for value in expected:
        port = "slow" if value[0] == "s" else "fast"
        await host.ask("publish", topic="w/" + port, payload=value, qos=1)
    await asyncio.sleep(0.05)
    equal(worker.done, [])
    worker.gate.set()
    await until(lambda: len(worker.done) == 5)
    equal(worker.done, expected)
    await session.stop()


async def test_a_busy_participant_does_not_hold_up_others(host):
    busy, other = Worker("busy"), Worker("other")
    session, _ = await run(await host.ask("broker"), busy, other)
    await host.ask("publish", topic="busy/slow", payload="1", qos=1)
    await host.ask("publish", topic="other/fast", payload="2", qos=1)
    await until(lambda: other.done == [2])
    equal(busy.done, [])
    await session.stop()


async def test_too_many_packets_for_an_async_handler_are_dropped_from_the_oldest_and_reported(host):
    source, worker = Source("s"), Worker("w", topics={"slow": "s/out"})
    session, logged = await run(await host.ask("broker"), source, worker)
    session.backlog = 10
    for i in range(30):
        source.send("out", i)
        await source.drain()
    await until(lambda: worker._runner._missed == 19)
    worker.gate.set()
    await until(lambda: len(worker.done) == 11)
    equal(worker.done, [0] + list(range(20, 30)))
    await until(lambda: logged)
    equal(logged, ["w: 19 packets were dropped: its async handler is too slow"])
    await session.stop()


async def test_an_exception_goes_to_the_log_and_the_error_port_and_others_go_on(host):
    worker = Worker("w")
    session, logged = await run(await host.ask("broker"), worker)
    await host.ask("record", topics=["w/error"])
    await host.ask("publish", topic="w/bad", payload="1")
    await host.ask("publish", topic="w/fast", payload="2")
    await until(lambda: worker.done == [2])
    (packet,) = await host.ask("recorded", count=1)
    contains(packet[1], '"port": "bad"', "ZeroDivisionError")
    equal(len(logged), 1)
    contains(logged[0], "w.bad: Traceback", "ZeroDivisionError")
    await session.stop()
