"""The participant of a plain LED."""

import asyncio

from stage import Hardware, Stage  # the participant library first

import machine
from check import equal
from devices import led
from host import until


class Bench(Stage):
    def __init__(self, **options):
        options["pin"] = 2
        super().__init__(led.create("led", {}, options, Hardware()))
        self.pin = machine.pin(2)

    def reported(self):
        """What was told last, lit and blinking."""
        return self.last("lit"), self.last("blinking")

    def busy(self):
        return len(self.pin.log) > 8

    async def over(self):
        await until(lambda: self.participant._task is None)


def test_it_is_off_at_the_start_and_never_flashes():
    for active, log in (("high", [0]), ("low", [1])):
        bench = Bench(active=active)
        equal(bench.pin.log, log)
        equal(bench.pin.mode, machine.Pin.OUT)
        equal(bench.reported(), (False, False))


def test_on_off_and_toggle():
    for active, on in (("high", 1), ("low", 0)):
        bench = Bench(active=active)
        for inport, value, lit in (
            ("on", True, 1),
            ("on", True, 1),
            ("on", False, 0),
            ("toggle", None, 1),
            ("toggle", 0, 0),
        ):
            bench.give(inport, value)
            equal(bench.pin.level, on if lit else 1 - on)
            equal(bench.reported(), (bool(lit), False))


async def test_it_blinks_as_often_as_requested_and_is_then_as_before():
    for before in (False, True):
        bench = Bench()
        bench.give("on", before)
        bench.pin.log = []
        bench.give("blink", {"on": 0.02, "off": 0.01, "count": 5})
        equal(bench.reported(), (True, True))
        await bench.over()
        equal(bench.pin.log, [1] + [1, 0] * 5 + [int(before)])
        equal(bench.reported(), (before, False))


async def test_it_blinks_in_hertz_until_a_new_request():
    for inport, value, level in (("on", False, 0), ("on", True, 1), ("toggle", None, 0), ("blink", 0, 0)):
        bench = Bench()
        bench.give("blink", 25)
        await until(bench.busy)
        bench.give(inport, value)
        equal(bench.pin.level, level)
        equal(bench.reported(), (bool(level), False))
        bench.pin.log = []
        await asyncio.sleep(0.1)
        equal(bench.pin.log, [])


def test_what_cannot_be_is_one_error_and_changes_nothing():
    bench = Bench()
    bench.give("on", True)
    for value in (
        None, True, False, "fast", "1", -1, 51, 0.0001, float("nan"), float("inf"), [], [1, 1],
        {"on": 0}, {"on": -1}, {"on": True}, {"on": "1"}, {"on": None}, {"off": 3601}, {"off": float("nan")},
        {"count": 0}, {"count": -1}, {"count": 1.5}, {"count": True}, {"count": "2"}, {"hz": 2}, {"on": 1, "of": 2},
    ):  # fmt: skip
        message = bench.error("blink", value)
        equal(message[:20], "blink {:.60}: allowed: Hz".format(repr(value))[:20])
        assert message.endswith('Hz up to 50, or {"on": 0.01 to 3600 s, "off": s, "count": 1 or more}'), message
    equal(bench.error("on", 1), "on 1: true or false is needed")
    equal(bench.pin.log, [0, 1])
