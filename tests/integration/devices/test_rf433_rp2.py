"""433 MHz on an emulated RP2040: PIO and DMA capture what is on a pin, and make what rtl_433 decodes."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest

import rtl433
from emulation.pico import Pico

DRIVERS = ("ook", "ook_send", "oregon", "protocols", "pulses_rp2")
MODULES = ("devices/__init__", *(f"devices/drivers/{driver}" for driver in ("__init__", *DRIVERS)))
RECEIVE, TRANSMIT = 16, 17

START = f"""
import asyncio, gc, json, time
from array import array
from machine import Pin
from devices.drivers.ook import Decoder
from devices.drivers.ook_send import REPEAT, transmission
from devices.drivers.pulses_rp2 import Receiver, Transmitter
receiver = Receiver(Pin({RECEIVE}, Pin.IN))
transmitter = Transmitter(Pin({TRANSMIT}, Pin.OUT, value=0))
decoder = Decoder()
"""


def steps(pulses: rtl433.Transmission) -> list[tuple[int, int]]:
    """What is to be played: each level with the time for which the one before lasts."""
    found = [(1000, 1)]
    for pulse, gap in pulses:
        found += [(pulse, 0), (gap, 1)]
    return found[:-1]


def test_durations_are_right(pico: Pico) -> None:
    pulses = [(35, 40), (100, 60), (500, 1000), (400, 9000), (12000, 200), (208, 417), (60000, 70000), (500, 500)]
    pico.run("list(receiver.take())")
    pico.play(RECEIVE, [*steps(pulses), (30000, 0)])
    taken = json.loads(pico.run("print(list(receiver.take()) + list(receiver.take()) + list(receiver.take()))"))
    *expected, end = [each for pulse in pulses for each in pulse]
    assert len(taken[-len(pulses) * 2 :]) == len(expected) + 1
    for found, right in zip(taken[-len(pulses) * 2 :], expected, strict=False):
        # The counter ends at 65.5 ms.
        assert abs(found - min(right, 65535)) <= 6, f"{taken} is not {expected}"
    assert end == 500
    assert taken[-1] == 65535, "the silence is reported before it ends"


@pytest.mark.parametrize("name", ["nexus", "lacrosse tx141th", "oregon thgr122n", "nexa"])
def test_what_is_on_the_pin_is_decoded(name: str, pico: Pico) -> None:
    rng = random.Random(name)
    pulses, fields = rtl433.PROTOCOLS[name](rng)
    frames = {"nexus": 4 * 37, "lacrosse tx141th": 3 * 44, "nexa": 3 * 66}.get(name, len(pulses) // 2)
    pico.run("for _ in range(3): receiver.take()\ndecoder = Decoder()")
    pico.play(RECEIVE, [*steps(rtl433.jitter(pulses[:frames], rng, 0.1)), (30000, 0)])
    code = "found = []\nfor _ in range(3): found += decoder.feed(receiver.take(), 20)\nprint(json.dumps(found))"
    (found,) = json.loads(pico.run(code))
    assert rtl433.same(found, fields)
    assert pico.run("print(receiver.lost)").strip() == "0"


def test_capturing_takes_no_memory(pico: Pico) -> None:
    pico.run("gc.collect()\nbefore = gc.mem_alloc()\nfor _ in range(100): receiver.take()\nafter = gc.mem_alloc()")
    assert pico.run("print(after - before)").strip() == "0"


def test_capturing_goes_on_when_all_transfers_are_done(pico: Pico) -> None:
    pico.run("from devices.drivers import pulses_rp2\nmany = pulses_rp2._MANY\nreceiver.stop()\npulses_rp2._MANY = 8")
    pico.drive(RECEIVE, 0)
    pico.run(f"receiver = Receiver(Pin({RECEIVE}, Pin.IN))")
    for pulses in ([(500, 1000), (400, 900), (300, 800), (200, 700)], [(600, 1200), (700, 1300), (800, 1400)]):
        pico.play(RECEIVE, [*steps(pulses), (100, 0)])
        taken = json.loads(pico.run("print(list(receiver.take()) + list(receiver.take()) + list(receiver.take()))"))
        heard = [(round(pulse, -2), round(gap, -2)) for pulse, gap in zip(taken[::2], taken[1::2], strict=True)]
        assert set(pulses[:2]) <= set(heard), taken
        assert len(heard) <= 8, "nothing is taken twice"
    pico.run(f"receiver.stop()\npulses_rp2._MANY = many\nreceiver = Receiver(Pin({RECEIVE}, Pin.IN))")


@pytest.mark.skipif(rtl433.MISSING, reason="rtl_433 is not installed (Debian: rtl-433)")
@pytest.mark.parametrize(
    "message",
    [
        {"protocol": "nexa", "house": 12345678, "unit": 1, "on": True, "group": False},
        {"protocol": "ev1527", "code": 0x5A3C96},
    ],
    ids=["nexa", "ev1527"],
)
def test_rtl_433_decodes_what_is_sent(message: dict[str, object], pico: Pico) -> None:
    with pico.capture(TRANSMIT) as edges:
        pico.run(f"asyncio.run(transmitter.send(transmission({message!r}), REPEAT))")
    lengths = [round(after[0] - before[0]) for before, after in pairwise(edges)]
    assert edges[0][1] == 1
    assert edges[-1][1] == 0
    pulses = list(zip(lengths[::2], [*lengths[1::2], 20000], strict=True))
    (packets,) = rtl433.judge([pulses])
    model = "Proove-Security" if message["protocol"] == "nexa" else "Generic-Remote"
    assert [packet for packet in packets if packet["model"] == model]
    assert all(rtl433.same(message, packet) for packet in packets if packet["model"] == model)


def test_noise_leaves_the_processor_time(pico: Pico) -> None:
    rng = random.Random(1)
    pulses = [rng.randrange(30, 500) for _ in range(400)]
    pico.run(f"pulses = array('H', {pulses})")
    code = "start = time.ticks_us()\ndecoder.feed(pulses, 50)\nprint(time.ticks_diff(time.ticks_us(), start))"
    took = int(pico.run(code))
    print(f"noise of {sum(pulses)} µs: {took} µs of chip time")
    assert took < sum(pulses) * 0.25


def test_nothing_is_brought_any_more_when_it_was_stopped(pico: Pico) -> None:
    # Closing a channel does not end its transfer, and the next who wants one has the same: it must be idle.
    pico.run("import rp2\nchannel = receiver._dma.channel\nreceiver.stop()\nnext = rp2.DMA()")
    assert pico.run("print(next.channel == channel, next.active())").split() == ["True", "False"]
    pico.run("next.close()")
    pico.run(f"receiver = Receiver(Pin({RECEIVE}, Pin.IN))")


# The last test, for it resets the chip: what it makes cannot be had twice.
MICROPHONES = """
from machine import I2S
def microphone(unit, sck):
    pins = {"sck": Pin(sck), "ws": Pin(sck + 1), "sd": Pin(sck + 2)}
    found = I2S(unit, mode=I2S.RX, bits=32, format=I2S.MONO, rate=16000, ibuf=4096, **pins)
    assert found.readinto(bytearray(64)) == 64
    return found
"""
MAKE = f"receiver = Receiver(Pin({RECEIVE}, Pin.IN))\ntransmitter = Transmitter(Pin({TRANSMIT}, Pin.OUT))"


@pytest.mark.parametrize(
    "steps_taken",
    [
        ("first = microphone(0, 2)", MAKE),
        (MAKE, "first = microphone(0, 2)"),
        ("first = microphone(0, 2)", "second = microphone(1, 6)", MAKE),
    ],
    ids=["after a microphone", "before a microphone", "after two"],
)
def test_radio_and_i2s_microphones_share_the_state_machines(steps_taken: tuple[str, ...], pico: Pico) -> None:
    pico.drive(RECEIVE, 0)
    pico.hard_reset()
    pico.run(START.partition("receiver =")[0] + MICROPHONES)
    for step in steps_taken:
        pico.run(step)
    pulses = [(500, 1000), (400, 900), (300, 800), (200, 700)]
    pico.play(RECEIVE, [*steps(pulses), (30000, 0)])
    taken = json.loads(pico.run("print(list(receiver.take()) + list(receiver.take()))"))
    assert [round(length, -2) for length in taken[-8:-1]] == [500, 1000, 400, 900, 300, 800, 200]
    with pico.capture(TRANSMIT) as edges:
        pico.run("asyncio.run(transmitter.send([300, 500, 400, 600], 2))")
    lengths = [round(after[0] - before[0]) for before, after in pairwise(edges)]
    assert lengths == [300, 500, 400, 600, 300, 500, 400]
    pico.run("receiver.stop()\nfirst.deinit()\nif 'second' in globals(): second.deinit()")
