"""The participant for temperature and humidity."""

import asyncio

import parts_board
import parts_chips

from check import equal
from devices import climate
from host import until
from parts import refused


def sht3x():
    return parts_chips.Sht3x((0x6666, 0x8000))


async def test_a_reading_is_sent_at_the_start_and_on_demand(host):
    running = await parts_board.start(host, climate, {"sensor": "sht3x", "i2c": 0, "address": 0x45}, [(0x45, sht3x())])
    equal(await running.reported("temperature"), 25)
    equal(await running.reported("humidity"), 50)
    equal(await running.reported("settings"), {"interval": 30, "temperature_offset": 0, "humidity_offset": 0})
    await running.tell("read", None)
    equal(await running.reported("humidity"), 50)
    await running.stop()


async def test_a_bad_reading_is_an_error_and_no_data(host):
    chip = sht3x()
    chip.damage = {2: 1}
    running = await parts_board.start(host, climate, {"sensor": "sht3x", "i2c": 0}, [(0x44, chip)])
    await running.error("d: SHT3x", "checksum")
    del running.hardware.i2c(0).devices[0x44]
    await running.tell("read", 1)
    await running.error("SHT3x at 0x44", "no answer")
    await running.unsaid("temperature", "humidity")
    equal(len(running.logged), 2)
    chip.damage = {}
    running.hardware.i2c(0).devices[0x44] = chip
    await running.tell("read", 1)
    equal(await running.reported("temperature"), 25)
    await running.unsaid("error")
    await running.stop()


async def test_settings_are_active_at_once(host):
    options = {"sensor": "aht20", "i2c": 0, "interval": 3600, "temperature_offset": 2}
    running = await parts_board.start(host, climate, options, [(0x38, parts_chips.Aht20(0x80000, 0x60000))])
    equal(await running.reported("temperature"), 27)
    equal((await running.reported("settings"))["interval"], 3600)
    await running.tell("temperature_offset", -1.5)
    await running.tell("humidity_offset", 50.1)
    error = await running.reported("error")
    equal(error["port"], "humidity_offset")
    equal(error["message"], "humidity_offset 50.1: a number from -50 to 50 is needed")
    await running.tell("humidity_offset", 50)
    await running.tell("interval", 0.2)
    equal(await running.reported("temperature"), 23.5)
    equal(await running.reported("humidity"), 50)
    equal(await running.reported("humidity"), 100)
    await running.reported("humidity")
    await until(lambda: running.device.config["interval"] == 0.2)
    await running.stop()


async def test_one_reading_at_a_time(host):
    chip = parts_chips.Aht20(0x80000, 0x60000)
    running = await parts_board.start(host, climate, {"sensor": "aht20", "i2c": 0}, [(0x38, chip)])
    await running.reported("temperature")
    equal(await running.device.measure(), {"temperature": 25.0, "humidity": 50.0})
    first = asyncio.create_task(running.device.read())
    await asyncio.sleep(0)
    equal(await running.device.read(), False)
    equal(await first, True)
    equal(chip.began, 3)
    await running.stop()


def test_other_sensors_are_refused():
    refused(ValueError, ("dht33", "dht22"), climate.create, "d", {}, {"sensor": "dht33", "pin": 4}, None)
