"""Checks the key `led`: the LED by which a board can be told from others."""

from __future__ import annotations

from ._check import Section
from ._check_pins import Pins
from .kinds import Pin
from .port_map import Led

__all__ = ["ACTIVE", "LED_KEYS", "LED_PIN", "led"]

LED_PIN = Pin("pin", "output", "LED of the board, which blinks when it is asked to identify itself", led=True)
ACTIVE = ("high", "low")
LED_KEYS = (LED_PIN.key, "active", "allow")


def led(top: Section, pins: Pins) -> Led | None:
    """Return the LED; to be called when all devices have taken their pins."""
    section = top.section("led", "{pin: 2}")
    if section is None:
        return None
    section.known(LED_KEYS)
    pin = pins.take(section, LED_PIN)
    active = section.choice("active", ACTIVE)
    return None if pin is None else Led(pin, active != "low")
