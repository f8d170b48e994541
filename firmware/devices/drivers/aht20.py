"""ASAIR AHT20 (also AHT10's successors AHT21, AHT25): temperature and humidity on I2C, address 0x38.

Data sheet of the AHT20 (V1.0, May 2020): 5.3 commands, 5.4 sequence, 6 conversion.
"""

import asyncio

from micropython import const

from ..errors import DeviceError, NoAnswer
from ._check import check_crc, check_range
from ._i2c import Chip

__all__ = ("Aht20",)

_BUSY = const(0x80)
_CALIBRATED = const(0x08)


class Aht20(Chip):
    """Measures when it is asked to."""

    name = "AHT20"

    async def measure(self):
        """Return temperature (°C, -40 to 85) and humidity (%); raises DeviceError and those derived of it."""
        data = bytearray(7)
        if not self._ready:
            await self._calibrate(data)
        self.transfer(b"\xac\x33\x00")
        for _ in range(4):
            await asyncio.sleep_ms(80)
            self.transfer(None, data)
            if not data[0] & _BUSY:
                break
        else:
            self._ready = False
            raise NoAnswer("AHT20: busy for 320 ms (status 0x{:02x}): look at its supply".format(data[0]))
        check_crc(self.name, data, 0, 6)
        temperature = 200 * ((data[3] & 0x0F) << 16 | data[4] << 8 | data[5]) / 0x100000 - 50
        humidity = 100 * (data[1] << 12 | data[2] << 4 | data[3] >> 4) / 0x100000
        return check_range(self.name, temperature, "°C", -40, 85), humidity

    async def _calibrate(self, data):
        await asyncio.sleep_ms(40)  # after power-up
        self.transfer(None, data)
        if not data[0] & _CALIBRATED:
            self.transfer(b"\xbe\x08\x00")
            await asyncio.sleep_ms(10)
            self.transfer(None, data)
            if not data[0] & _CALIBRATED:
                what = "AHT20: not calibrated (status 0x{:02x}): take its power away for a moment"
                raise DeviceError(what.format(data[0]))
        self._ready = True
