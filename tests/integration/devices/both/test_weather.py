"""The BME280 and its participant."""

import parts_board
import parts_chips

from check import equal, near, refused
from devices import weather
from devices.drivers.bme280 import Bme280, compensate
from devices.errors import DeviceError, NoAnswer, OutOfRange
from host import until
from machine import I2C

# Trimming, raw temperature and pressure of Bosch's worked example: BMP280 data sheet (BST-BMP280-DS001), 3.12. The BME280
# computes both in the same way. For humidity there is no example: these are numbers as chips have them.
TP = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
TRIMMING = TP + (75, 362, 0, 315, 50, 30)
RAW = (519888, 415148, 28000)


def exact_humidity(trimming, temperature, humidity):
    """The formula with floating point of the BME280 data sheet, 8.1."""
    t1, t2, t3 = trimming[:3]
    h1, h2, h3, h4, h5, h6 = trimming[12:]
    fine = (temperature / 16384 - t1 / 1024) * t2 + (temperature / 131072 - t1 / 8192) ** 2 * t3
    v = fine - 76800
    v = (humidity - (h4 * 64 + h5 / 16384 * v)) * (h2 / 65536 * (1 + h6 / 67108864 * v * (1 + h3 / 67108864 * v)))
    return min(max(v * (1 - h1 * v / 524288), 0), 100)


def bme280(trimming=TRIMMING, raw=RAW, id=0x60):
    chip = parts_chips.Bme280(trimming, raw, id)
    bus = I2C(0)
    bus.devices[0x76] = chip
    return chip, Bme280(bus, 0x76), bus


def test_compensation_gives_the_numbers_of_the_data_sheet():
    temperature, pressure, _ = compensate(TRIMMING, *RAW)
    equal(temperature, 2508)
    near(pressure / 256, 100653.27, 0.03)  # with floating point; in integers 0.02 less


def test_humidity_agrees_with_the_formula_in_floating_point():
    for h in ((75, 362, 0, 315, 50, 30), (75, 379, 3, 280, -70, 30), (0, 340, 100, -12, -1, -100)):
        for temperature in (470000, 519888, 580000):
            for humidity in range(20000, 45000, 1700):
                found = compensate(TP + h, temperature, 415148, humidity)[2] / 1024
                near(found, exact_humidity(TP + h, temperature, humidity), 0.08)


def test_humidity_stays_within_0_and_100():
    equal(compensate(TRIMMING, 519888, 415148, 0)[2], 0)
    equal(compensate(TRIMMING, 519888, 415148, 65535)[2], 102400)


def test_a_pressure_that_cannot_be_computed_is_none():
    equal(compensate((0,) * 18, 519888, 415148, 28000)[1], 0)


async def test_a_measurement_goes_through_the_registers():
    for h in ((75, 362, 0, 315, 50, 30), (75, 379, 3, -280, -70, -30)):
        _, driver, _ = bme280(TP + h)
        temperature, humidity, pressure = await driver.measure()
        equal(temperature, 25.08)
        near(pressure, 1006.5327, 0.0003)
        near(humidity, exact_humidity(TP + h, RAW[0], RAW[2]), 0.08)


async def test_other_chips_are_named():
    for id, name in ((0x58, "BMP280"), (0x61, "BME680"), (0x55, "not known")):
        _, driver, _ = bme280(id=id)
        await refused(DeviceError, driver.measure(), "0x76", hex(id), "0x60", name)


async def test_what_the_chip_cannot_measure_is_refused():
    for raw, reported in (((300000, 415148, 28000), "-40 to 85"), ((519888, 900000, 28000), "300 to 1100")):
        _, driver, _ = bme280(raw=raw)
        await refused(OutOfRange, driver.measure(), "BME280", reported)


async def test_trimming_that_cannot_be_is_refused():
    # With all bits set the formulas would give 0 °C and 604 hPa.
    for trimming in ((0,) * 18, (0xFFFF, -1, -1, 0xFFFF) + (-1,) * 8 + (0xFF, -1, 0xFF, -1, -1, -1)):
        _, driver, _ = bme280(trimming)
        await refused(NoAnswer, driver.measure(), "BME280", "trimming", str(trimming[0]))


async def test_a_chip_that_lost_its_power_is_set_up_again():
    chip, driver, bus = bme280()
    await driver.measure()
    chip.powered()
    equal((await driver.measure())[0], 25.08)
    del bus.devices[0x76]
    await refused(NoAnswer, driver.measure(), "BME280 at 0x76", "wiring")
    bus.devices[0x76] = parts_chips.Bme280((27000,) + TRIMMING[1:], RAW)  # another one
    assert (await driver.measure())[0] > 26


async def test_a_chip_that_does_not_measure_is_not_believed():
    chip, driver, _ = bme280()
    chip.begin = lambda ms: None
    await refused(NoAnswer, driver.measure(), "BME280", "not measured")
    chip.ready = None
    chip.begin = lambda ms: parts_chips.Chip.begin(chip, 1000)
    await refused(NoAnswer, driver.measure(), "BME280", "busy")


async def test_pressure_is_reported_as_at_sea_level_on_request(host):
    chip = parts_chips.Bme280(TRIMMING, RAW)
    options = {"sensor": "bme280", "i2c": 0, "address": 0x77, "humidity_offset": -100 + 51}
    running = await parts_board.start(host, weather, options, [(0x77, chip)])
    equal(await running.reported("pressure"), 1006.5)
    equal(await running.reported("temperature"), 25.08)
    # BMP180 data sheet (BST-BMP180-DS000), 3.6: 1 hPa is 8.43 m at sea level.
    await running.tell("altitude", 84.3)
    await until(lambda: running.device.config["altitude"] == 84.3)
    await running.tell("read", None)
    near(await running.reported("pressure"), 1016.5, 0.25)
    await running.stop()


async def test_another_chip_is_an_error_and_no_data(host):
    running = await parts_board.start(host, weather, {"i2c": 0}, [(0x76, parts_chips.Bme280(TRIMMING, RAW, 0x58))])
    await running.error("BMP280", "0x58")
    await running.unsaid("temperature", "humidity", "pressure")
    await running.stop()
