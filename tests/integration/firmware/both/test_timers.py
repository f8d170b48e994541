"""Timers of participants."""

import asyncio

from host import equal, until
from msgflo import ConfigError, Participant
from msgflo._platform import ticks_ms
from parts import contains, refused, run, session


class Clock(Participant):
    def __init__(self):
        super().__init__("clock")
        self.calls = []

    def tick(self):
        self.calls.append(ticks_ms())

    def bad(self):
        self.tick()
        raise ValueError("tick")


async def test_timers_run_without_a_broker_too(host):
    clock = Clock()
    clock.every(0.05, clock.tick)
    waiting, _ = session("mqtt://127.0.0.1:{}".format(await host.ask("port")), clock)
    task = asyncio.create_task(waiting.run())
    await until(lambda: len(clock.calls) > 3)
    equal(waiting.connected, False)
    await waiting.stop()
    await task


async def test_timers_that_were_cancelled_leave_nothing_behind(host):
    clock = Clock()
    running, _ = await run(await host.ask("broker"), clock)
    for calls in range(50):
        timer = clock.every(0.001, clock.tick)
        await until(lambda calls=calls: len(clock.calls) > calls)
        timer.cancel()
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
