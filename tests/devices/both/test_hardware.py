"""The board's hardware, on an ESP32."""

from stage import Hardware  # the participant library first

import machine
from check import equal
from machine import Pin


def test_a_pin_is_left_as_it_is_unless_it_is_said_how_it_shall_be():
    hardware = Hardware()
    for number in (34, "LED"):
        pin = hardware.pin(number)
        equal((pin.id, pin.mode, pin.pull, pin.log), (number, None, None, []))
    pin = hardware.pin(5, Pin.IN, Pin.PULL_UP)
    equal((pin.mode, pin.pull), (Pin.IN, Pin.PULL_UP))
    equal(hardware.pin(5, Pin.OUT).mode, Pin.OUT)


def test_a_fake_knows_the_modes_of_an_esp32_only():
    for mode in (-1, 0, 2):
        try:
            machine.Pin(5, mode)
        except ValueError:
            continue
        raise AssertionError(mode)
