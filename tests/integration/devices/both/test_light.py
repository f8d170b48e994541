"""Light by an LDR."""

import parts_board

from check import equal, near
from devices import light
from devices.drivers.analog import Analog
from machine import ADC, Pin


def test_a_voltage_is_averaged():
    adc = ADC(Pin(34))
    noise = [0]

    def source():
        noise[0] += 1
        return 20000 + (noise[0] % 2) * 2000

    adc.source = source
    analog = Analog(adc, lambda adc: adc.read_uv() / 1000000)
    near(analog.fraction(), 21000 / 65535, 1e-6)
    equal(adc.reads, 16)
    near(analog.volts(), 21000 * 3.3 / 65535, 0.0001)
    for value, expected in ((0, 0), (65535, 1)):
        adc.source = value
        equal(analog.fraction(), expected)


async def test_light_is_the_share_of_the_range(host):
    running = await parts_board.start(host, light, {"pin": 34}, prepare=lambda d: adc(d, 16384))
    equal(await running.reported("light"), 25)
    near(await running.reported("volts"), 0.825, 0.001)
    equal(await running.reported("settings"), {"interval": 30, "smoothing": 0})
    await running.stop()


async def test_light_is_smoothed(host):
    options = {"pin": 34, "smoothing": 0.5}
    running = await parts_board.start(host, light, options, prepare=lambda d: adc(d, 0))
    equal(await running.reported("light"), 0)
    adc(running.device, 65535)
    for expected in (50, 75, 87.5):
        await running.tell("read", None)
        equal(await running.reported("light"), expected)
    await running.stop()


def adc(device, value):
    device.driver._adc.source = value
