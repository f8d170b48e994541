"""What drivers of chips on an I2C bus have in common."""

from ..errors import NoAnswer

__all__ = ("Chip",)


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
