"""Microphones and how loud it is."""

import math
import struct
import time
from array import array

import parts_board

import machine
from check import equal, near, refused
from devices import sound
from devices.drivers._loudness import loudness
from devices.drivers.mic import Mic
from devices.errors import NoAnswer, OutOfRange
from machine import ADC, Pin


def decibels(square):
    return 10 * math.log10(2 * square + 1e-12)


def sine(amplitude, samples, middle=0, periods=8):
    return [round(middle + amplitude * math.sin(2 * math.pi * periods * (i + 0.25) / samples)) for i in range(samples)]


def test_a_sine_of_full_scale_is_0_db():
    square, peak = loudness(array("h", sine(32767, 256)), 0, 256, 1)
    near(decibels(square), 0, 0.02)
    near(peak, 1, 0.02)


def test_loudness_is_right_from_the_quietest_to_the_loudest():
    for kind, middle in (("h", 0), ("h", -700), ("H", 32768), ("H", 27000)):
        for amplitude in (27000 if middle == 27000 else 32000, 8000, 1999, 300, 20, 5):
            samples = array(kind, sine(amplitude, 256, middle))
            square, peak = loudness(samples, 0, 256, 1)
            exact = sum([(s - sum(samples) / 256) ** 2 for s in samples]) / 256 / 32768**2
            near(decibels(square), decibels(exact), 0.1)
            near(peak, amplitude / 32768, 1 / 32768 + 0.02 * peak)


def test_squares_fit_into_a_small_integer():
    # The worst case: as far apart as can be.
    samples = array("H", [0, 65535] * 128)
    square, peak = loudness(samples, 0, 256, 1)
    near(square, 1, 0.01)
    near(peak, 1, 0.01)


def adc_mic(source):
    adc = ADC(Pin(36))
    adc.source = source
    return adc, Mic(adc)


def player(samples):
    """A source that gives these again and again."""
    at = [0]

    def source():
        at[0] = (at[0] + 1) % len(samples)
        return samples[at[0]]

    return source


async def test_analogue_microphone_hears_what_is_around_the_middle():
    for amplitude in (30000, 3000, 100):
        adc, mic = adc_mic(player(sine(amplitude, 32, 33000, 4)))
        taken = 0
        while taken < 128:  # fewer where the machine was busy with something else
            before = adc.reads
            square, peak = await mic.hear()
            taken = adc.reads - before
        near(decibels(square), 20 * math.log10(amplitude / 32768), 0.3)
        near(peak, amplitude / 32768, 0.05 * peak + 0.0001)


async def test_analogue_microphone_that_is_stuck_is_refused():
    for value in (0, 65535, 65520):
        await refused(OutOfRange, adc_mic(value)[1].hear(), "microphone", str(value), "wiring")
    await adc_mic(32768)[1].hear()  # as quiet as can be


def i2s_mic(source):
    from devices.drivers.i2s_mic import I2sMic

    mic = I2sMic(Pin(14), Pin(15), Pin(32))
    mic._wait = 0
    i2s = machine.I2S.latest
    equal((i2s.options["bits"], i2s.options["rate"], i2s.options["mode"]), (32, 16000, machine.I2S.RX))
    i2s.source = source
    return i2s, mic


def words(amplitude, middle=0):
    """A source of 24 bits in 32, the highest first."""

    def source(buffer):
        for i, sample in enumerate(sine(amplitude * 0x7FFFFF, 256, middle)):
            struct.pack_into("<i", buffer, 4 * i, sample << 8)

    return source


async def test_i2s_microphone_has_the_sensitivity_of_its_data_sheet():
    # INMP441 (DS-INMP441-00), table 1: -26 dB of full scale at 94 dB of sound pressure.
    _, mic = i2s_mic(words(10 ** (-26 / 20), -5000))
    square, peak = await mic.hear()
    near(decibels(square) + 120, 94, 0.05)
    near(20 * math.log10(peak) + 120, 94, 0.2)


async def test_i2s_microphone_without_samples_or_life_is_refused():
    i2s, mic = i2s_mic(lambda buffer: False)
    await refused(NoAnswer, mic.hear(), "I2S", "sck")
    for value in (0, -1):
        i2s.source = lambda buffer, value=value: [struct.pack_into("<i", buffer, 4 * i, value) for i in range(256)]
        await refused(NoAnswer, mic.hear(), "I2S", "all samples are {}".format(value))
    i2s.source = words(0.5)
    near((await mic.hear())[1], 0.5, 0.01)


async def test_i2s_microphone_is_not_heard_before_it_is_awake():
    _, mic = i2s_mic(words(0.5))
    mic._wait = 300  # as made
    start = time.ticks_ms()
    await mic.hear()
    assert time.ticks_diff(time.ticks_ms(), start) >= 298
    await mic.hear()
    equal(mic._wait, 0)


def plays(device, amplitude):
    """As loud as a sine, but with each sample: a busy machine takes fewer, and of a sine not whole periods."""
    level = round(amplitude / math.sqrt(2))
    device.driver._adc.source = player([32768 + level, 32768 - level])


async def test_levels_are_reported_and_the_reference_added(host):
    options = {"pin": 36, "interval": 0.2, "reference": 100, "threshold": 99}
    running = await parts_board.start(host, sound, options, prepare=lambda d: plays(d, 3277))
    near(await running.reported("level"), 80, 1)
    near(await running.reported("peak"), 77, 1)
    await running.tell("reference", 0)
    while await running.reported("level") > 0:
        pass
    near(await running.reported("level"), -20, 1)
    await running.unsaid("loud", "error")
    await running.stop()


async def test_loud_is_reported_once_in_a_while(host):
    options = {"pin": 36, "interval": 0.1, "threshold": -10, "hold": 0.3}
    running = await parts_board.start(host, sound, options, prepare=lambda d: plays(d, 1000))
    await running.reported("level")
    await running.unsaid("loud")
    plays(running.device, 20000)
    near(await running.reported("loud"), -4.3, 1)
    start = time.ticks_ms()
    for _ in range(2):
        await running.reported("loud")
    passed = time.ticks_diff(time.ticks_ms(), start)
    assert 500 < passed < 5000, passed
    await running.stop()


async def test_a_microphone_that_is_absent_is_an_error_until_it_is_there(host):
    running = await parts_board.start(host, sound, {"pin": 36, "interval": 0.2})
    await running.error("d: microphone", "stuck at 0")
    await running.unsaid("level", "peak", "loud")
    plays(running.device, 3277)
    near(await running.reported("level"), -20, 1)
    equal(len(running.logged), 1)
    await running.stop()
