"""The BH1750 and its participant."""

import parts_board
import parts_chips

from check import equal, near, refused
from devices import lux
from devices.drivers import bh1750 as driver
from devices.errors import NoAnswer, OutOfRange
from machine import I2C


def bh1750(count):
    parts_chips.hurried(driver)
    chip = parts_chips.Bh1750(count)
    bus = I2C(0)
    bus.devices[0x23] = chip
    return chip, driver.Bh1750(bus, 0x23), bus


async def test_lux_are_those_of_the_data_sheet():
    # P. 7, example of a measurement: 0x8390 is 28067 lx; p. 2: 65535 counts, 1 lx is 1.2 counts.
    for count, expected in ((0x8390, 28066.7), (0, 0), (1, 0.83), (65534, 54611.7)):
        near(await bh1750(count)[1].measure(), expected, 0.05)


async def test_more_light_than_it_can_count_is_refused():
    await refused(OutOfRange, bh1750(65535)[1].measure(), "BH1750", "54611 lx")


async def test_it_may_be_absent_and_come_back():
    chip, part, bus = bh1750(1200)
    del bus.devices[0x23]
    await refused(NoAnswer, part.measure(), "BH1750 at 0x23", "address")
    chip.on = False
    bus.devices[0x23] = chip
    equal(await part.measure(), 1000)


async def test_a_factor_makes_up_for_a_cover(host):
    options = {"i2c": 0, "address": 0x5C, "factor": 1.5, "interval": 0.3}
    chip = parts_chips.Bh1750(1200)
    running = await parts_board.start(host, lux, options, [(0x5C, chip)])
    equal(await running.reported("lux"), 1500)
    chip.count = 65535
    await running.error("BH1750", "lx")
    chip.count = 12
    while await running.reported("lux") != 15:
        pass
    await running.stop()
