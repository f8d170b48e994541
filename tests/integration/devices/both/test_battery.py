"""Battery voltage and charge."""

import parts_board

from check import equal, near, refused
from devices import battery
from devices.battery import charge
from devices.drivers.analog import Analog
from devices.errors import OutOfRange
from machine import ADC, Pin


def test_charge_follows_the_named_curve():
    # Meshtastic firmware, src/power.h: OCV_ARRAY for Li-ion.
    for volts, percent in ((4.3, 100), (4.19, 100), (4.05, 90), (3.72, 50), (3.1, 0), (2.5, 0), (3.76, 55), (3.0, 0)):
        near(charge(volts), percent, 0.001)
    before = 0
    for volts in range(300, 430):
        now = charge(volts / 100)
        assert before <= now <= 100, volts
        before = now


async def measured(volts, divider, cells=1):
    adc = ADC(Pin(35))
    adc.source = round(volts / divider / 3.3 * 65535)
    driver = Analog(adc, lambda adc: adc.read_u16() * 3.3 / 65535, divider)
    return await battery.Battery("b", None, {"cells": cells}, driver).measure()


async def test_the_divider_is_taken_into_account():
    for volts, divider, cells in ((3.72, 2, 1), (7.44, 4, 2), (3.72, 1.47, 1)):
        equal(await measured(volts, divider, cells), {"volts": volts, "percent": 50})


async def test_what_no_battery_has_is_refused():
    for volts, divider, cells in ((0, 2, 1), (1.9, 2, 1), (4.6, 2, 1), (3.7, 2, 2)):
        await refused(OutOfRange, measured(volts, divider, cells), "battery", "V a cell", "wiring", "divider")


async def test_both_are_reported(host):
    options = {"pin": 35, "divider": 2}
    running = await parts_board.start(host, battery, options, prepare=lambda d: adc(d, 3.72))
    equal(await running.reported("volts"), 3.72)
    equal(await running.reported("percent"), 50)
    equal(await running.reported("settings"), {"interval": 300, "cells": 1})
    adc(running.device, 0)
    await running.tell("read", None)
    await running.error("d: battery", "0.0 V a cell", "2 to 4.5")
    await running.unsaid("volts", "percent")
    await running.stop()


def adc(device, volts):
    device.driver._adc.source = round(volts / 2 / 3.3 * 65535)
