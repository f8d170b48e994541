"""The board's hardware, on an ESP32."""

from stage import Hardware  # the participant library first

import machine
from check import equal
from machine import Pin


def test_a_pin_is_left_as_it_is_unless_its_mode_is_given():
    hardware = Hardware()
    for number in (34, "LED"):
        pin = hardware.pin(number)
        equal((pin.id, pin.mode, pin.pull, pin.log), (number, None, None, []))
    pin = hardware.pin(5, Pin.IN, Pin.PULL_UP)
    equal((pin.mode, pin.pull), (Pin.IN, Pin.PULL_UP))
    equal(hardware.pin(5, Pin.OUT).mode, Pin.OUT)


BUS = {"id": 0, "scl": 22, "sda": 21, "freq": 100000}


class Line(Pin):
    """A line of a bus whose part, left in the middle of its answer, holds SDA low for so many clocks more."""

    held = 0
    clocks = 0

    def value(self, level=None):
        if self.id == BUS["scl"]:
            Line.clocks += self.level == 1 and level == 0
        elif level is None:
            return 1 if Line.clocks >= Line.held and self.pull == Pin.PULL_UP else 0
        return super().value(level)

    __call__ = value


def opened(held):
    """Open a bus; returns it, how often SCL was clocked, and what was logged."""
    reported = []
    Line.held, Line.clocks = held, 0
    real, machine.Pin = machine.Pin, Line
    try:
        bus = Hardware([BUS], reported.append).i2c(0)
    finally:
        machine.Pin = real
    equal(machine.pin(22).level, 1)
    return bus, Line.clocks, reported


def test_a_bus_that_is_free_is_left_alone():
    bus, clocks, reported = opened(0)
    equal((bus.scan(), clocks, reported), ([], 0, []))


def test_a_bus_that_a_part_holds_is_clocked_until_it_lets_go():
    for held in (1, 5, 9):
        _, clocks, reported = opened(held)
        equal(clocks, held)
        equal(reported, ["I2C bus 0: SDA was low; after {} clocks it was let go of".format(held)])


def test_a_bus_that_nothing_frees_is_opened_all_the_same_and_that_is_reported():
    bus, clocks, reported = opened(99)
    equal((bus.scan(), clocks), ([], 9))
    equal(reported, ["I2C bus 0: SDA was low; after 9 clocks it is still low: look at wiring and supply"])
