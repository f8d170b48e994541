"""Bosch BME280: temperature, humidity and pressure on I2C, address 0x76 or 0x77.

Data sheet BST-BME280-DS002 (1.6): 3.3.3 forced mode, 4.2.2 trimming, 4.2.3 compensation, 5.4 registers, 9.1 time.
"""

import asyncio
import struct

from ..errors import DeviceError, NoAnswer
from ._check import check_range
from ._i2c import Chip

__all__ = ("Bme280", "compensate")


class Bme280(Chip):
    """Measures when it is asked to, each quantity once, and sleeps between."""

    name = "BME280"
    _trimming = ()

    async def measure(self):
        """Return temperature (°C, -40 to 85), humidity (%) and pressure (hPa, 300 to 1100); raises DeviceError."""
        if not self._ready:
            self._trimming = self._identify()
            self._ready = True
        data = bytearray(8)
        self.transfer(b"\xf2\x01")  # humidity once; counts with the next write to 0xF4
        self.transfer(b"\xf4\x25")  # temperature and pressure once; forced mode
        for _ in range(4):
            await asyncio.sleep_ms(10)  # 9.3 at most
            status = bytearray(1)
            self.transfer(b"\xf3", status)
            if not status[0] & 8:
                break
        else:
            self._ready = False
            raise NoAnswer("BME280: busy for 40 ms: look at its supply")
        self.transfer(b"\xf7", data)
        pressure = data[0] << 12 | data[1] << 4 | data[2] >> 4
        temperature = data[3] << 12 | data[4] << 4 | data[5] >> 4
        humidity = data[6] << 8 | data[7]
        if temperature == 0x80000 or pressure == 0x80000 or humidity == 0x8000:
            self._ready = False  # what stands there after a reset
            raise NoAnswer("BME280: it has not measured: look at its supply")
        temperature, pressure, humidity = compensate(self._trimming, temperature, pressure, humidity)
        return (
            check_range(self.name, temperature / 100, "°C", -40, 85),
            humidity / 1024,
            check_range(self.name, pressure / 25600, "hPa", 300, 1100),
        )

    def _identify(self):
        data = bytearray(1)
        self.transfer(b"\xd0", data)
        if data[0] != 0x60:
            found = "not known"
            if 0x56 <= data[0] <= 0x58:
                found = "a BMP280, which measures no humidity"
            elif data[0] == 0x61:
                found = "a BME680 or BME688"
            what = "BME280 at 0x{:02x}: the chip there says 0x{:02x}, not 0x60: {}"
            raise DeviceError(what.format(self._address, data[0], found))
        data = bytearray(26)
        self.transfer(b"\x88", data)
        trimming = struct.unpack("<HhhH8hxB", data)
        if trimming[0] in (0, 0xFFFF):
            raise NoAnswer("BME280: its trimming reads as {}: look at wiring, pull-ups".format(trimming[0]))
        data = bytearray(7)
        self.transfer(b"\xe1", data)
        h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", data)
        return trimming + (h2, h3, e4 << 4 | e5 & 15, e6 << 4 | e5 >> 4, h6)


def compensate(trimming, temperature, pressure, humidity):
    """Return temperature in 1/100 °C, pressure in 1/256 Pa and humidity in 1/1024 % of what the registers say.

    `trimming` holds dig_T1 to T3, P1 to P9, H1 to H6; 4.2.3 of the data sheet, pressure in 64 bits. A pressure of 0 stands
    for one that cannot be computed.
    """
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, h1, h2, h3, h4, h5, h6 = trimming
    v = (temperature >> 4) - t1
    fine = (((temperature >> 3) - (t1 << 1)) * t2 >> 11) + ((v * v >> 12) * t3 >> 14)

    v = fine - 128000
    w = v * v * p6 + (v * p5 << 17) + (p4 << 35)
    v = ((1 << 47) + (v * v * p3 >> 8) + (v * p2 << 12)) * p1 >> 33
    if v:
        v = ((1048576 - pressure << 31) - w) * 3125 // v
        v = (v + (p9 * (v >> 13) * (v >> 13) >> 25) + (p8 * v >> 19) >> 8) + (p7 << 4)

    w = fine - 76800
    x = (humidity << 14) - (h4 << 20) - h5 * w + 16384 >> 15
    x *= ((((w * h6 >> 10) * ((w * h3 >> 11) + 32768) >> 10) + 2097152) * h2 + 8192) >> 14
    x -= ((x >> 15) * (x >> 15) >> 7) * h1 >> 4
    return fine * 5 + 128 >> 8, v, min(max(x, 0), 419430400) >> 12
