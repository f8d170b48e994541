"""Temperature and humidity as data sheets say they come, and what else can come."""

import asyncio
import time

import parts_chips

from check import equal, near, refused
from devices.errors import ChecksumError, DeviceError, NoAnswer, OutOfRange
from machine import I2C, Pin


def dht(dht22, *answers):
    """A DHT that gives these answers (hex digits or exceptions) and was not asked for long."""
    from devices.drivers.dht import Dht

    pin = Pin(4)
    answers = list(answers)

    def answer():
        latest = answers.pop(0)
        if isinstance(latest, Exception):
            raise latest
        data = bytes.fromhex(latest)
        return data if len(data) == 5 else data + bytes([sum(data) & 255])

    pin.dht = answer
    driver = Dht(pin, dht22)
    driver._last = time.ticks_add(time.ticks_ms(), -5000)
    return driver


async def measured(driver):
    driver._last = time.ticks_add(time.ticks_ms(), -5000)
    return await driver.measure()


async def test_dht22_shows_what_its_manual_shows():
    # AM2302 product manual, 7.2: 65.2 % and 35.1 °C; the sign is the highest bit: -10.1 °C.
    driver = dht(True, "028c015fee", "028c8065", "03e70320", "00018190")
    equal(await measured(driver), (35.1, 65.2))
    equal(await measured(driver), (-10.1, 65.2))
    equal(await measured(driver), (80.0, 99.9))
    equal(await measured(driver), (-40.0, 0.1))


async def test_dht22_of_makes_with_twos_complement():
    driver = dht(True, "028cff9b", "028cffff", "028cfe70")
    for expected in (-10.1, -0.1, -40.0):
        equal((await measured(driver))[0], expected)


async def test_dht11_shows_what_its_manual_shows():
    # ASAIR DHT11 manual (V1.3), 5.1 data format: 53 % and 24.4 °C; below zero: -10.1 °C.
    driver = dht(False, "3500180451", "35000a81", "5f003c00", "05001480")
    near((await measured(driver))[0], 24.4, 1e-6)
    temperature, humidity = await measured(driver)
    near(temperature, -10.1, 1e-6)
    equal(humidity, 53)
    equal(await measured(driver), (60, 95))
    equal(await measured(driver), (-20, 5))


async def test_dht_with_a_wrong_checksum_is_refused():
    # The DHT11 manual's own example of a wrong one.
    driver = dht(False, "3500180449", "3500180451")
    await refused(ChecksumError, measured(driver), "DHT11", "3500180449")
    near((await measured(driver))[0], 24.4, 1e-6)
    for bit in range(40):
        data = bytearray(b"\x02\x8c\x01\x5f\xee")
        data[bit // 8] ^= 1 << bit % 8
        await refused(ChecksumError, measured(dht(True, data.hex())), "DHT22", data.hex())


async def test_dht_that_cannot_be_true_is_refused():
    possible = "; possible are -40 to 80 °C, 0.1 to 100 %: is it a DHT11? Look at wiring, supply"
    for answer in ("028c0321", "028c8191", "028c7fff", "03e9015f", "028cfe6f", "028cc000"):
        await refused(OutOfRange, measured(dht(True, answer)), possible)
    await refused(OutOfRange, measured(dht(True, "0000000000")), "DHT22: 0.0 °C, 0.0 %" + possible)
    possible = "; possible are -20 to 60 °C, 5 to 95 %: is it a DHT22? Look at wiring, supply"
    for answer in ("0000000000", "35003d00", "35001481", "04001800", "ffffffff"):
        await refused(OutOfRange, measured(dht(False, answer)), possible)
    await refused(OutOfRange, measured(dht(False, "61001800")), "DHT11: 24.0 °C, 97.0 %" + possible)


async def test_dht_that_is_absent_is_reported_and_may_come_back():
    driver = dht(True, OSError(110, "ETIMEDOUT"), "028c015f")
    await refused(NoAnswer, measured(driver), "DHT22", "ETIMEDOUT", "pull-up")
    equal(await measured(driver), (35.1, 65.2))


async def test_dht_is_not_asked_too_early_nor_too_often():
    from devices.drivers import dht as module

    for dht22, pause in ((True, 2000), (False, 1000)):
        await asked_when_it_may_be(parts_chips.hurried(module), dht22, pause)


async def asked_when_it_may_be(clock, dht22, pause):
    from devices.drivers.dht import Dht

    pin = Pin(pause)
    asked = []

    def answer():
        asked.append(clock.ms)
        if len(asked) == 1:
            raise OSError(110, "ETIMEDOUT")
        return b"\x02\x8c\x01\x5f\xee" if dht22 else b"\x35\x00\x18\x04\x51"

    pin.dht = answer
    driver = Dht(pin, dht22)  # as the power comes up
    await asyncio.gather(driver.measure(), driver.measure(), return_exceptions=True)
    equal(asked, [1000, 1000 + pause])
    equal((pin.mode, pin.level), (Pin.OPEN_DRAIN, 1))  # released between


async def test_dht_may_be_asked_after_the_clock_went_round():
    driver = dht(True, "028c015f")
    driver._last = time.ticks_add(time.ticks_ms(), 1000)  # so it looks after more than half of the clock's range
    equal(await driver.measure(), (35.1, 65.2))


def on_bus(kind, chip, address):
    bus = I2C(0)
    bus.devices[address] = chip
    return kind(bus, address), bus


def sht3x(*words):
    from devices.drivers import sht3x

    parts_chips.hurried(sht3x)
    chip = parts_chips.Sht3x(words)
    return (chip,) + on_bus(sht3x.Sht3x, chip, 0x44)


def test_checksums_are_those_of_the_data_sheet():
    from devices.drivers._check import check_crc

    equal(parts_chips.crc(b"\xbe\xef"), 0x92)  # SHT3x data sheet, 4.12
    check_crc("SHT3x", b"\xbe\xef\x92", 0, 2)


async def test_sht3x_converts_as_the_data_sheet_does():
    # 4.13: -45 + 175 · S / 65535 and 100 · S / 65535.
    for words, expected in (
        ((0xBEEF, 0xBEEF), (85.523, 74.585)),
        ((0x6666, 0x8000), (25.0, 50.0)),
        ((0x0751, 0), (-40, 0)),
    ):
        _, driver, _ = sht3x(*words)
        temperature, humidity = await driver.measure()
        near(temperature, expected[0], 0.002)
        near(humidity, expected[1], 0.002)


async def test_sht3x_refuses_what_was_damaged_on_its_way():
    chip, driver, _ = sht3x(0x6666, 0x8000)
    for i in range(6):
        chip.damage = {i: 1 << i}
        await refused(ChecksumError, driver.measure(), "SHT3x", "checksum")
    chip.damage = {}
    near((await driver.measure())[0], 25, 0.01)


async def test_sht3x_out_of_its_range_is_refused():
    for word, reported in ((0x0000, "-45"), (0xFFFF, "130")):
        _, driver, _ = sht3x(word, 0x8000)
        await refused(OutOfRange, driver.measure(), "SHT3x", reported, "-40 to 125", "wiring")


async def test_a_chip_that_is_absent_is_reported_and_may_come_back():
    chip, driver, bus = sht3x(0x6666, 0x8000)
    del bus.devices[0x44]
    await refused(NoAnswer, driver.measure(), "SHT3x at 0x44", "ENODEV", "wiring", "address", "pull-ups")
    bus.devices[0x44] = chip
    near((await driver.measure())[1], 50, 0.01)


def aht20(*arguments):
    from devices.drivers import aht20

    parts_chips.hurried(aht20)
    chip = parts_chips.Aht20(*arguments)
    return (chip,) + on_bus(aht20.Aht20, chip, 0x38)


async def test_aht20_converts_as_the_data_sheet_does():
    # 6.1 and 6.2: 100 · S / 2^20 and 200 · S / 2^20 - 50.
    for numbers, expected in (
        ((0x80000, 0x60000), (25, 50)),
        ((0xFFFFF, 0xACCCC), (85, 100)),
        ((0, 0x0CCCD), (-40, 0)),
        ((0x12345, 0x6789A), (30.8887, 7.1111)),
    ):
        _, driver, _ = aht20(*numbers)
        temperature, humidity = await driver.measure()
        near(temperature, expected[0], 0.001)
        near(humidity, expected[1], 0.001)


async def test_aht20_is_calibrated_where_it_is_not():
    chip, driver, _ = aht20(0x80000, 0x60000, False)
    await driver.measure()
    await driver.measure()
    equal((chip.calibrations, chip.began), (1, 2))
    chip, driver, _ = aht20(0x80000, 0x60000, False)
    chip.takes_calibration = False
    await refused(DeviceError, driver.measure(), "AHT20", "not calibrated", "0x10")


async def test_aht20_is_waited_for_while_busy():
    chip, driver, _ = aht20(0x80000, 0x60000)
    chip.duration = 130
    near((await driver.measure())[0], 25, 0.001)
    chip.duration = 2000
    await refused(NoAnswer, driver.measure(), "AHT20", "busy")
    chip.ready = None
    chip.duration = 75
    near((await driver.measure())[0], 25, 0.001)


async def test_aht20_refuses_what_was_damaged_or_cannot_be():
    chip, driver, _ = aht20(0x80000, 0x60000)
    for i in range(1, 7):
        chip.damage = {i: 0x10}
        await refused(ChecksumError, driver.measure(), "AHT20")
    chip.damage = {}
    for number in (0, 0xFFFFF):
        chip.numbers = 0x80000, number
        await refused(OutOfRange, driver.measure(), "AHT20", "-40 to 85")


async def test_aht20_is_set_up_again_after_it_was_away():
    chip, driver, bus = aht20(0x80000, 0x60000)
    await driver.measure()
    del bus.devices[0x38]
    await refused(NoAnswer, driver.measure(), "AHT20 at 0x38")
    bus.devices[0x38] = chip
    chip.status = 0x10  # it lost its power
    near((await driver.measure())[0], 25, 0.001)
    equal(chip.calibrations, 1)
