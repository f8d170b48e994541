"""The participant of a strip of pixels, down to the bytes on the wire."""

import asyncio
import gc
import sys
import time

from stage import Clock, Hardware, Stage, soon  # the participant library first

import machine
from check import equal
from devices import lamp, pixels
from devices.drivers import ws2812


class Bench(Stage):
    def __init__(self, count=2, **options):
        self.clock = Clock(lamp)
        options["pin"], options["count"] = 12, count
        super().__init__(pixels.create("px", {}, options, Hardware()))
        self.pin = machine.pin(12)

    @property
    def sent_bytes(self):
        return list(self.pin.sent)

    async def wait(self, ms):
        self.clock.us += ms * 1000
        await soon()


def state(on=True, color="#ffffff", brightness=100, fade=0):
    return {"on": on, "color": color, "brightness": brightness, "fade": fade}


def test_it_is_dark_at_the_start_and_reports_it():
    bench = Bench(3)
    equal(bench.sent_bytes, [0] * 9)
    equal(bench.pin.mode, machine.Pin.OUT)
    equal(bench.last("state"), state(on=False))


def test_a_colour_is_sent_in_the_order_of_the_strip():
    for order, expected in ((None, [2, 1, 3]), ("RGB", [1, 2, 3]), ("BRG", [3, 1, 2])):
        bench = Bench(**({"order": order} if order else {}))
        bench.give("color", "#010203")
        equal(bench.sent_bytes, expected * 2)
        equal(bench.last("state"), state(color="#010203"))


def test_the_waveform_is_that_of_the_data_sheet():
    # WS2812B: T0H 0.4 µs, T0L 0.85 µs, T1H 0.8 µs, T1L 0.45 µs, each ±150 ns.
    sent = []
    bench = Bench(1)
    real = ws2812.bitstream
    ws2812.bitstream = lambda pin, encoding, timing, data: sent.append((pin, encoding, timing, bytes(data)))
    bench.give("color", [255, 0, 129])
    ws2812.bitstream = real
    equal(sent, [(bench.pin, 0, (400, 850, 800, 450), b"\x00\xff\x81")])


def test_a_list_is_repeated_along_the_strip():
    bench = Bench(5)
    bench.give("color", ["#f00", [0, 0, 255]])
    red, blue = [0, 255, 0], [0, 0, 255]
    equal(bench.sent_bytes, red + blue + red + blue + red)
    equal(bench.last("state")["color"], ["#ff0000", "#0000ff"])
    bench.give("color", ["white"])
    equal(bench.sent_bytes, [255] * 15)
    equal(bench.last("state")["color"], "#ffffff")
    bench.give("color", ["#000001", "#000002", "#000003", "#000004", "#000005"])
    equal(bench.sent_bytes, [0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5])


def test_brightness_scales_and_keeps_the_colour():
    bench = Bench(1)
    bench.give("color", "#ff8001")
    for brightness, expected in (
        (50, [64, 128, 1]),
        (100, [128, 255, 1]),
        (10, [13, 26, 0]),
        (0, [0, 0, 0]),
        (0.4, [1, 1, 0]),
    ):
        bench.give("brightness", brightness)
        equal(bench.sent_bytes, expected)
        equal(bench.last("state"), state(color="#ff8001", brightness=brightness))


def test_switched_off_it_remembers_the_colour_and_a_colour_switches_on():
    bench = Bench(1)
    bench.give("on", True)
    equal(bench.sent_bytes, [255] * 3)
    bench.give("color", "blue")
    bench.give("on", False)
    equal(bench.sent_bytes, [0, 0, 0])
    equal(bench.last("state"), state(on=False, color="#0000ff"))
    bench.give("brightness", 50)
    equal(bench.sent_bytes, [0, 0, 0])
    bench.give("toggle", None)
    equal(bench.sent_bytes, [0, 0, 128])
    bench.give("toggle", 1)
    bench.give("color", "#00f")
    equal(bench.sent_bytes, [0, 0, 128])
    equal(bench.last("state")["on"], True)


def test_what_cannot_be_is_one_error_and_changes_nothing():
    bench = Bench(2)
    bench.give("color", "#123456")
    sent = bench.sent_bytes
    for inport, value, parts in (
        ("color", "blu", "color 'blu': allowed:"),
        ("color", ["red", "blu"], "color 'blu': allowed:"),
        ("color", ["red", [1, 2]], "color [1, 2]: allowed:"),
        ("color", ["red"] * 3, "color: 3 colours: allowed: up to 2"),
        ("color", [], "color []: allowed:"),
        ("color", [1, 2, 300], "color [1, 2, 300]: allowed:"),
        ("color", [1, 2], "color [1, 2]: allowed:"),
        ("color", [None], "color None: allowed:"),
        ("color", [["red"]], "color ['red']: allowed:"),
        ("color", None, "color None: allowed:"),
        ("on", 1, "on 1: true or false is needed"),
        ("on", "yes", "on 'yes': true or false is needed"),
        ("brightness", 101, "brightness 101: a number from 0 to 100 is needed"),
        ("brightness", True, "brightness True: a number from 0 to 100 is needed"),
        ("brightness", float("nan"), "brightness nan: a number from 0 to 100 is needed"),
        ("fade", -1, "fade -1: a number from 0 to 3600 is needed"),
    ):
        message = bench.error(inport, value)
        assert message.startswith(parts), message
        equal(bench.sent_bytes, sent)
    bench.give("fade", 0)
    equal(bench.last("state"), state(color="#123456"))


async def test_a_fade_goes_straight_and_ends_exactly():
    bench = Bench(1)
    bench.give("color", "#0a0000")
    bench.give("fade", 2)
    bench.give("color", "#fe0080")
    equal(bench.last("state"), state(color="#fe0080", fade=2))
    for ms, part in ((0, 0), (500, 64), (500, 128), (996, 255)):
        await bench.wait(ms)
        equal(bench.sent_bytes, [0, 10 + (244 * part >> 8), 128 * part >> 8])
    await bench.wait(4)
    equal(bench.sent_bytes, [0, 254, 128])
    await bench.wait(1000)
    equal(bench.participant._task, None)
    bench.give("on", False)
    await bench.wait(1000)
    equal(bench.sent_bytes, [0, 127, 64])
    await bench.wait(9999)
    equal(bench.sent_bytes, [0, 0, 0])


async def test_without_fade_a_change_ends_one():
    bench = Bench(1, fade=10)
    bench.give("color", "#ffffff")
    await bench.wait(5000)
    bench.give("fade", 0)
    equal(bench.sent_bytes, [255] * 3)
    bench.give("fade", 10)
    bench.give("color", "#000000")
    await bench.wait(5000)
    equal(bench.sent_bytes, [127] * 3)
    bench.give("fade", 0)
    bench.give("color", "#010101")
    equal(bench.sent_bytes, [1] * 3)
    await bench.wait(9000)
    equal(bench.sent_bytes, [1] * 3)
    equal(bench.participant._task, None)


async def test_frames_take_no_memory():
    if sys.implementation.name != "micropython":
        return
    bench = Bench(100, fade=1)
    frames = [0]

    def send(pin, encoding, timing, data):
        frames[0] += 1

    lamp.ticks_ms = time.ticks_ms
    ws2812.bitstream = send
    bench.give("color", ["#f80", "#08f"])
    await soon()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc(), frames[0]
    while frames[0] - before[1] <= 10:
        await asyncio.sleep(0.1)
    used = gc.mem_alloc() - before[0]
    gc.enable()
    assert used < 400, used  # waiting takes a little
