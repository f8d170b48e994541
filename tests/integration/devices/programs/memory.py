"""Prints what a kind of device takes of the heap: `memory.py MODULE OPTIONS`, compiled modules and fakes on the path.

Two numbers: what the first device of the kind takes, with its module and driver; what each further one takes. Ports
have been forgotten, as a board does when it has introduced itself.
"""

# What every board has, so that it is not counted.
import array  # noqa: F401
import gc
import json
import sys

import devices.drivers
import devices.sensor
import machine


def used():
    gc.collect()
    return gc.mem_alloc()


class Hardware:
    """Pins and buses that are there already."""

    def __init__(self):
        self.pins = [machine.Pin(number) for number in range(3)]
        self.converter = machine.ADC(self.pins[0])
        self.bus = machine.I2C(0)

    def pin(self, number):
        return self.pins[number]

    def adc(self, number):
        return self.converter

    def i2c(self, number):
        return self.bus

    def volts(self, adc):
        return 3.3


def made(module, name, options, hardware):
    device = module.create(name, {}, options, hardware)
    device.inports = device.outports = ()
    return device


class Names:
    pass


# The table of names grows by doubling: let it be done with that.
names = Names()
for number in range(300):
    setattr(names, f"name{number}", None)
del names
hardware = Hardware()
options = json.loads(sys.argv[2])
devices = [None] * 2
before = used()
module = __import__("devices." + sys.argv[1], None, None, ("create",))
devices[0] = made(module, "kitchen", options, hardware)
first = used() - before
before = used()
devices[1] = made(module, "bath", options, hardware)
print(first, used() - before)
