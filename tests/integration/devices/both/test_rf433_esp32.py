"""Pulses on an ESP32: interrupts in, RMT out."""

import sys

import esp32
from stage import Hardware

import machine
from check import equal
from devices import rf433
from devices.drivers import pulses_esp32
from devices.drivers.ook import Decoder
from machine import Pin


class Wire:
    """A pin with a receiver on it; `play` drives it through durations, high first."""

    def __init__(self):
        self.us = 1000
        pulses_esp32.ticks_us = lambda: self.us
        pulses_esp32.ticks_diff = lambda later, earlier: later - earlier
        self.pin = Pin(27, Pin.IN)
        self.receiver = pulses_esp32.Receiver(self.pin)

    def play(self, durations):
        level = 1
        for length in durations:
            self.pin.drive(level)
            self.us += length
            level = 1 - level

    def take(self):
        return list(self.receiver.take())


def test_the_participant_hears_on_the_pin_that_it_makes_an_input():
    sys.modules["devices.drivers.pulses"] = pulses_esp32
    radio = rf433.create("radio", {}, {"receive": 27, "transmit": 26}, Hardware())
    equal((machine.pin(27).mode, machine.pin(26).mode), (Pin.IN, Pin.OUT))
    for level in (1, 0, 1, 0, 1):
        machine.pin(27).drive(level)
    equal(len(radio._receiver.take()), 4)


def test_durations_alternate_from_a_high_on():
    wire = Wire()
    equal(wire.take(), [])
    wire.play([500, 1000, 400, 2000])
    equal(wire.take(), [500, 1000])  # of the last low, the end is not known
    wire.play([300, 70000, 100, 100])
    equal(wire.take(), [400, 2000, 300, 65535])


def test_a_silence_is_reported_before_it_ends():
    wire = Wire()
    wire.play([500, 1000, 400, 14000])
    equal(wire.take(), [500, 1000])
    wire.us += 2000
    equal(wire.take(), [400, 65535])
    equal(wire.take(), [])
    wire.play([300, 600, 100, 200, 50, 200])
    equal(wire.take(), [300, 600, 100, 200])


def test_a_receiver_that_starts_while_the_wire_is_high_begins_with_the_next_high():
    wire = Wire()
    wire.pin.level = 1
    wire.receiver = pulses_esp32.Receiver(wire.pin)
    wire.us += 300
    wire.pin.drive(0)
    wire.us += 200
    wire.take()
    wire.play([500, 1000, 400, 900, 1, 1])
    equal(wire.take()[-4:], [500, 1000, 400, 900])
    equal(wire.receiver.lost, 0)


def test_an_edge_that_was_dropped_is_noticed():
    for level in (0, 1):
        wire = Wire()
        wire.play([500, 1000, 400, 900] if level else [500, 1000, 400])
        equal(wire.receiver.lost, 0)
        wire.pin.level = level  # without a call of the handler
        wire.us += 700
        wire.play([300, 600] if level == 0 else [])
        wire.pin.drive(0)
        wire.play([300, 600])
        equal(wire.receiver.lost, 1)
        # And it goes on as if nothing had been.
        wire.take()
        wire.play([500, 1000, 400, 900, 1, 1])
        equal(wire.take()[-4:], [500, 1000, 400, 900])
        equal(wire.receiver.lost, 1)


def test_what_is_too_much_is_counted_and_order_is_stored():
    wire = Wire()
    wire.play([100, 200] * 400)
    equal(wire.receiver.lost > 250, True)
    taken = wire.take()
    equal(len(taken), 510)
    equal(set(taken[0::2]), {100})
    wire.play([300, 400, 500, 600, 1, 1])
    equal(wire.take()[-4:], [300, 400, 500, 600])


def test_a_sensor_is_decoded():
    wire = Wire()
    decoder = Decoder()
    code = 90 << 28 | 9 << 24 | 214 << 12 | 0xF << 8 | 57
    packets = []
    for _ in range(4):
        frame = []
        for i in range(35, -1, -1):
            frame.extend((500, 2000 if code >> i & 1 else 1000))
        wire.play(frame + [500, 4000])
        packets.extend(decoder.feed(wire.receiver.take(), 60))
    wire.us += 20000
    packets.extend(decoder.feed(wire.receiver.take(), 20))
    equal(len(packets), 1)
    equal((packets[0]["model"], packets[0]["temperature"]), ("Nexus-TH", 21.4))


def test_stop_lets_go_of_the_pin():
    wire = Wire()
    wire.receiver.stop()
    equal(wire.pin.handler, None)


async def test_all_repetitions_are_sent_in_one_piece():
    pin = Pin(26, Pin.OUT)
    transmitter = pulses_esp32.Transmitter(pin)
    await transmitter.send([500, 1000, 400, 9000], 3)
    equal(esp32.RMT.log, [((500, 1000, 400, 9000) * 3, True)])
