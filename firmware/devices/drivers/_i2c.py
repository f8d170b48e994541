"""An I2C bus, and what drivers of chips on it have in common."""

from time import sleep_us

import machine

from ..errors import NoAnswer

__all__ = ("Bus", "Chip")


class Bus:
    """A bus that is freed when a part holds it: after a reset, or after it was plugged in or disturbed while it answered.

    `wired` has its id, scl, sda and freq (Hz); `log` takes a text. All else is that of `machine.I2C`.
    """

    def __init__(self, wired, log):
        self._wired = wired
        self._log = log
        self._logged = None
        self._open()

    def writeto(self, address, data):
        """Write bytes; raises OSError."""
        self._try(self._bus.writeto, address, data)

    def readfrom_into(self, address, into):
        """Fill a buffer; raises OSError."""
        self._try(self._bus.readfrom_into, address, into)

    def __getattr__(self, name):
        return getattr(self._bus, name)

    def _try(self, transfer, address, data):
        try:
            transfer(address, data)
        except OSError:
            if not self._sda():  # an RP2's I2C waits for ever for a bus that is free
                self._open()
            raise

    def _open(self):
        wired = self._wired
        scl = machine.Pin(wired["scl"])
        self._sda = sda = machine.Pin(wired["sda"])
        clocks = _settle(scl, sda)
        if clocks:
            now = "was let go of" if sda() else "is still low: look at wiring and supply"
            text = "I2C bus {}: SDA was low; after {} clocks it {}".format(wired["id"], clocks, now)
            if text != self._logged:
                self._logged = text
                self._log(text)
        self._bus = machine.I2C(wired["id"], scl=scl, sda=sda, freq=wired["freq"])


def _settle(scl, sda):
    """Clock SCL until nobody holds SDA low, as a part does that is left in the middle of its answer.

    Returns how often, at most nine times: NXP, UM10204 (I2C-bus specification), 3.1.16.
    """
    sda.init(sda.IN, sda.PULL_UP)
    scl.init(scl.OPEN_DRAIN, scl.PULL_UP, value=1)
    clocks = 0
    while True:
        sleep_us(10)
        if sda() or clocks == 9:
            return clocks
        scl(0)
        sleep_us(10)
        scl(1)
        clocks += 1


class Chip:
    """A chip on a bus; `name` is what errors call it."""

    name = ""
    _ready = False  # whether it was set up since it was last seen to be absent

    def __init__(self, i2c, address):
        self._i2c = i2c
        self._address = address

    def transfer(self, command, into=None):
        """Write a command, unless it is None, then fill a buffer, if there is one; raises NoAnswer."""
        try:
            if command is not None:
                self._i2c.writeto(self._address, command)
            if into is not None:
                self._i2c.readfrom_into(self._address, into)
        except OSError as e:
            self._ready = False
            what = "{} at 0x{:02x}: no answer ({}): look at wiring, power, address, pull-ups"
            raise NoAnswer(what.format(self.name, self._address, e)) from None
