"""Sensirion SHT30, SHT31, SHT35: temperature and humidity on I2C, address 0x44 or 0x45.

Data sheet of the SHT3x-DIS (December 2022): single shot 4.3, read-out 4.4, checksum 4.12, conversion 4.13.
"""

import asyncio

from ._check import check_crc, check_range
from ._i2c import Chip

__all__ = ("Sht3x",)


class Sht3x(Chip):
    """Measures when it is asked to, and sleeps between."""

    name = "SHT3x"

    async def measure(self):
        """Return temperature (°C, -40 to 125) and humidity (%); raises NoAnswer, ChecksumError, OutOfRange."""
        data = bytearray(6)
        self.transfer(b"\x24\x00")  # high repeatability, no clock stretching
        await asyncio.sleep_ms(20)  # 15.5 at most
        self.transfer(None, data)
        check_crc(self.name, data, 0, 2)
        check_crc(self.name, data, 3, 5)
        temperature = 175 * (data[0] << 8 | data[1]) / 65535 - 45
        humidity = 100 * (data[3] << 8 | data[4]) / 65535
        return check_range(self.name, temperature, "°C", -40, 125), humidity
