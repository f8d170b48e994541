"""The participant of a relay."""

import asyncio

from stage import Clock, Hardware, Stage  # the participant library first

import machine
from check import equal
from devices import relay
from host import until


class Bench(Stage):
    def __init__(self, **options):
        self.clock = Clock(relay)
        options["pin"] = 2
        super().__init__(relay.create("relay", {}, options, Hardware()))
        self.pin = machine.pin(2)

    def after(self, ms):
        self.clock.us += ms * 1000
        return self


def test_it_is_off_at_the_start_whatever_its_level():
    for active, log in (("high", [0]), ("low", [1])):
        bench = Bench(active=active)
        equal(bench.pin.log, log)
        equal(bench.last("closed"), False)
        equal(bench.last("settings"), {"rest": 0})


def test_on_off_and_toggle():
    for active, on in (("high", 1), ("low", 0)):
        bench = Bench(active=active)
        for inport, value, closed in (("on", True, 1), ("on", False, 0), ("toggle", None, 1), ("toggle", False, 0)):
            bench.give(inport, value)
            equal(bench.pin.level, on if closed else 1 - on)
            equal(bench.take()[-1], ("closed", bool(closed)))


def test_what_it_is_already_is_reported_again_and_not_switched():
    bench = Bench()
    bench.give("on", True)
    bench.take()
    bench.give("on", True)
    equal(bench.take(), [("closed", True)])
    equal(bench.pin.log, [0, 1])


async def test_it_has_its_rest_and_then_is_what_was_requested_last():
    bench = Bench(rest=0.15)
    bench.after(1000).give("on", True)
    equal(bench.pin.log, [0, 1])
    bench.take()
    bench.after(10).give("on", False)
    bench.give("on", True)
    bench.give("toggle", None)
    equal(bench.take(), [])
    equal(bench.pin.level, 1)
    await asyncio.sleep(0.05)
    equal(bench.pin.level, 1)
    bench.after(140)
    await until(lambda: bench.pin.level == 0)
    equal(bench.take(), [("closed", False)])
    bench.after(1).give("on", True)
    bench.give("on", False)
    await until(lambda: bench.take() == [("closed", False)])
    equal(bench.pin.log, [0, 1, 0])
    bench.after(1000).give("on", True)
    equal(bench.pin.level, 1)


async def test_the_start_counts_as_switching():
    bench = Bench(rest=0.1)
    bench.give("on", True)
    equal(bench.pin.level, 0)
    bench.after(100)
    await until(lambda: bench.pin.level == 1)


def test_what_cannot_be_is_one_error_and_changes_nothing():
    bench = Bench()
    for value in (0, 1, "on", None, [], {"on": True}):
        equal(bench.error("on", value), "on {!r}: true or false is needed".format(value))
    equal(bench.error("rest", -1), "rest -1: a number from 0 to 3600 is needed")
    equal(bench.pin.log, [0])
