"""The fake hardware is there, in each interpreter, before its own."""

import machine
from check import equal
from machine import I2C, Pin


async def test_a_pin_tells_its_handler_of_edges():
    pin = Pin(4, Pin.IN, Pin.PULL_UP)
    edges = []
    pin.irq(lambda p: edges.append(p.value()), Pin.IRQ_FALLING | Pin.IRQ_RISING)
    for level in (0, 0, 1):
        machine.pin(4).drive(level)
    equal(edges, [0, 1])


def test_nobody_is_at_an_address_without_a_device():
    try:
        I2C(0).writeto(0x44, b"\x00")
    except OSError as e:
        equal(e.errno, 19)
        return
    raise AssertionError("nobody was there")
