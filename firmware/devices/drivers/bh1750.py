"""ROHM BH1750FVI: illuminance on I2C, address 0x23 (ADDR low) or 0x5C.

Data sheet (2014.04, rev. D): instruction set architecture p. 5; measurement procedure p. 7.
"""

import asyncio

from ..errors import OutOfRange
from ._i2c import Chip

__all__ = ("Bh1750",)


class Bh1750(Chip):
    """Measures when it is asked to, and sleeps between."""

    name = "BH1750"

    async def measure(self):
        """Return the illuminance in lux, 0 to 54611; raises NoAnswer, and OutOfRange in more light than that."""
        data = bytearray(2)
        self.transfer(b"\x01")  # power on
        self.transfer(b"\x20")  # high resolution, once
        await asyncio.sleep_ms(181)  # 180 at most; a sleep counts whole ticks, and may be one short
        self.transfer(None, data)
        count = data[0] << 8 | data[1]
        if count == 0xFFFF:
            raise OutOfRange("BH1750: more than 54611 lx: give it some shade; or look at its wiring")
        return count / 1.2
