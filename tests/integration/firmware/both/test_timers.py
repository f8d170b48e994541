"""Timers of participants."""

import asyncio

from host import equal, until
from msgflo import ConfigError, Participant
from msgflo._platform import ticks_diff, ticks_ms
from parts import contains, refused, run, session


class Clock(Participant):
    def __init__(self):
        super().__init__("clock")
        self.calls = []

    def tick(self):
        self.calls.append(ticks_ms())

    async def slow(self):
        self.tick()
        await asyncio.sleep(0.25)

    def bad(self):
        self.tick()
        raise ValueError("tick")


async def test_timers_are_on_time_without_traffic(host):
    clock = Clock()
    clock.every(0.2, clock.tick)
    running, _ = await run(await host.ask("broker"), clock)
    await until(lambda: len(clock.calls) == 6)
    for i, call in enumerate(clock.calls):
        late = ticks_diff(call, clock.calls[0]) - 200 * i
        assert -100 < late < 100, (i, late)  # 10 ms when nothing else runs on the machine
    await running.stop()


async def test_timers_run_without_a_broker_too(host):
    clock = Clock()
    clock.every(0.05, clock.tick)
    waiting, _ = session("mqtt://127.0.0.1:{}".format(await host.ask("port")), clock)
    task = asyncio.create_task(waiting.run())
    await until(lambda: len(clock.calls) > 3)
    equal(waiting.connected, False)
    await waiting.stop()
    await task


async def test_calls_that_were_missed_are_not_made_up_for(host):
    clock = Clock()
    running, _ = await run(await host.ask("broker"), clock)
    timer = clock.every(0.1, clock.slow)
    await until(lambda: len(clock.calls) == 4)
    timer.cancel()
    gaps = [ticks_diff(clock.calls[i + 1], clock.calls[i]) for i in range(3)]
    assert all(230 < gap < 400 for gap in gaps), gaps
    await asyncio.sleep(0.3)
    equal(len(clock.calls), 4)
    await running.stop()


async def test_timers_that_were_cancelled_leave_nothing_behind(host):
    clock = Clock()
    running, _ = await run(await host.ask("broker"), clock)
    for _ in range(50):
        timer = clock.every(0.001, clock.tick)
        await asyncio.sleep(0.004)
        timer.cancel()
    assert len(clock.calls) > 40, clock.calls
    assert len(clock._runner._timers) + len(clock._runner._tasks) < 8
    await running.stop()


async def test_a_timer_outlives_its_exceptions(host):
    clock = Clock()
    running, logged = await run(await host.ask("broker"), clock)
    clock.every(0.05, clock.bad)
    await until(lambda: len(clock.calls) > 2)
    contains(logged[0], "ValueError: tick")
    await running.stop()


async def test_impossible_periods_are_refused(host):
    for seconds in (0, -1, 0.0001):
        refused(ConfigError, (repr(seconds), "0.001"), Clock().every, seconds, print)


async def test_a_timer_survives_that_there_is_no_memory_for_a_call(host):
    clock = Clock()
    timer = clock.every(0.01, clock.tick)
    tries = []

    async def call(function):
        tries.append(1)
        if len(tries) < 3:
            raise MemoryError
        function()

    task = asyncio.create_task(timer.run(call))
    await until(lambda: clock.calls)
    task.cancel()
    equal(len(tries) >= 3, True)
