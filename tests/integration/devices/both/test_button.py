"""The participant of a button."""

import asyncio

from stage import Clock, Hardware, Stage, soon  # the participant library first

import machine
from check import equal
from devices import button
from devices.drivers import debounce


class Bench(Stage):
    """A button that is pressed by a clock of its own: `at(ms)` lets that much time pass, to the last ms."""

    def __init__(self, active="low", hardware=None, **options):
        self.clock = Clock(debounce, button)
        options["pin"], options["active"] = 4, active
        self.closed = 0 if active == "low" else 1
        super().__init__(button.create("b", {}, options, hardware or Hardware()))
        self.pin = machine.pin(4)

    async def begin(self):
        self.task = asyncio.create_task(self.participant.run())
        await soon()
        return self

    async def wait(self, ms):
        self.clock.us += ms * 1000
        await soon()

    def press(self, held=None):
        """Press; with a time, release after so many ms during which nothing else runs."""
        self.pin.drive(self.closed)
        if held:
            self.clock.us += held * 1000
            self.release()

    def release(self):
        self.pin.drive(1 - self.closed)


class Held(Hardware):
    """Somebody holds the button."""

    def pin(self, number, mode=-1, pull=-1):
        pin = super().pin(number, mode, pull)
        pin.level = 0
        return pin


DOWN, UP, PRESS, LONG, DOUBLE = ("pressed", True), ("pressed", False), ("press", True), ("long", True), ("double", True)


async def test_a_press_comes_at_once():
    for active in ("low", "high"):
        bench = await Bench(active).begin()
        equal(bench.take()[-1], UP)
        equal(bench.pin.pull, machine.Pin.PULL_UP if active == "low" else machine.Pin.PULL_DOWN)
        bench.press()
        await bench.wait(19)
        equal(bench.take(), [])
        await bench.wait(1)
        equal(bench.take(), [DOWN, PRESS])
        await bench.wait(100)
        bench.release()
        await bench.wait(20)
        equal(bench.take(), [UP])
        await bench.wait(5000)
        equal(bench.take(), [])


async def test_a_long_press_is_reported_once_while_it_is_held():
    bench = await Bench().begin()
    bench.take()
    bench.press()
    await bench.wait(20)
    await bench.wait(779)
    equal(bench.take(), [DOWN, PRESS])
    await bench.wait(1)
    equal(bench.take(), [LONG])
    await bench.wait(5000)
    bench.release()
    await bench.wait(20)
    equal(bench.take(), [UP])


async def test_a_second_press_in_time_is_a_double_and_a_third_is_not():
    bench = await Bench().begin()
    bench.take()
    for expected in ([PRESS], [PRESS, DOUBLE], [PRESS], [PRESS, DOUBLE]):
        bench.press()
        await bench.wait(50)
        equal(bench.take(), [DOWN] + expected)
        bench.release()
        await bench.wait(349)
        equal(bench.take(), [UP])


async def test_a_second_press_too_late_is_none():
    bench = await Bench().begin()
    bench.take()
    for _ in range(3):
        bench.press()
        await bench.wait(50)
        bench.release()
        await bench.wait(350)
        equal(bench.take(), [DOWN, PRESS, UP])


async def test_after_a_long_press_there_is_no_double():
    bench = await Bench(long_time=0.2).begin()
    bench.take()
    for _ in range(2):
        bench.press()
        await bench.wait(250)
        bench.release()
        await bench.wait(30)
        equal(bench.take(), [DOWN, PRESS, LONG, UP])


async def test_nothing_is_lost_while_the_program_is_busy():
    bench = await Bench().begin()
    bench.take()
    bench.press(held=40)
    bench.clock.us += 60000
    await soon()
    equal(bench.take(), [DOWN, PRESS, UP])
    await bench.wait(1000)
    bench.press(held=30)
    bench.clock.us += 30000
    bench.press(held=30)
    await bench.wait(100)
    equal(bench.take(), [DOWN, PRESS, UP, DOWN, PRESS, DOUBLE, UP])
    bench.press(held=900)
    await bench.wait(100)
    equal(bench.take(), [DOWN, PRESS, LONG, UP])


async def test_held_at_the_start_it_is_pressed_but_that_is_no_press():
    bench = await Bench(hardware=Held()).begin()
    equal(bench.last("pressed"), True)
    bench.take()
    await bench.wait(5000)
    bench.release()
    await bench.wait(20)
    equal(bench.take(), [UP])


async def test_times_can_be_set():
    bench = await Bench(debounce=0.005).begin()
    equal(bench.last("settings"), {"debounce": 0.005, "long_time": 0.8, "double_time": 0.4})
    bench.give("long_time", 2)
    bench.give("double_time", 0)
    bench.take()
    bench.press()
    await bench.wait(5)
    equal(bench.take(), [DOWN, PRESS])
    await bench.wait(1900)
    equal(bench.take(), [])
    await bench.wait(100)
    equal(bench.take(), [LONG])
    bench.give("debounce", 0.05)
    bench.take()
    bench.release()
    await bench.wait(49)
    equal(bench.take(), [])
    await bench.wait(1)
    equal(bench.take(), [UP])
    equal(bench.error("debounce", 3), "debounce 3: a number from 0.001 to 0.5 is needed")
