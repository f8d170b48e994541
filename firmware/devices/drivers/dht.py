"""DHT11 and DHT22 (AM2302): temperature and humidity on one wire, which needs a pull-up of about 10 kΩ.

Aosong, DHT11 product manual (ASAIR, 2020) and AM2302 product manual: five bytes, the last of which is the sum of the others.
"""

import asyncio
import time

import machine

from ..errors import ChecksumError, NoAnswer, OutOfRange

__all__ = ("Dht",)


class Dht:
    """A DHT22, or a DHT11, on a pin.

    A measurement holds everything up for 0.3 s: MicroPython sends the request and times the answer without a pause.
    """

    def __init__(self, pin, dht22):
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP, value=1)  # the chip's own pull-up does for a short wire
        self._pin = pin
        self._name = "DHT22" if dht22 else "DHT11"
        self._pause = 2000 if dht22 else 1000  # ms
        # Neither one answers in the first second after power-up.
        self._last = time.ticks_add(time.ticks_ms(), 1000 - self._pause)
        self._buffer = bytearray(5)

    async def measure(self):
        """Return temperature (°C) and humidity (%), a DHT11's within -20 to 60 and 5 to 95, else -40 to 80 and 0 to 100.

        Waits so that a DHT11 is asked once a second at most, a DHT22 once in two. Raises NoAnswer, ChecksumError, OutOfRange.
        """
        while True:
            passed = time.ticks_diff(time.ticks_ms(), self._last)
            if not 0 <= passed < self._pause:
                break
            await asyncio.sleep_ms(self._pause - passed)
        data = self._buffer
        try:
            machine.dht_readinto(self._pin, data)
        except OSError as e:
            what = "{}: no answer ({}): look at wiring, power, and a pull-up of 10 kΩ"
            raise NoAnswer(what.format(self._name, e)) from None
        finally:
            self._last = time.ticks_ms()
        if (data[0] + data[1] + data[2] + data[3]) & 0xFF != data[4]:
            raise ChecksumError("{}: wrong checksum in {}: shorten the wire".format(self._name, data.hex()))
        if self._pause == 1000:
            temperature = data[2] + (data[3] & 0x7F) / 10
            if data[3] & 0x80:
                temperature = -temperature
            humidity = data[0] + data[1] / 10
            limits = -20, 60, 5, 95
        else:
            temperature = data[2] << 8 | data[3]
            if temperature >= 0xC000:  # some makes: two's complement
                temperature -= 0x10000
            elif temperature & 0x8000:  # data sheet: a sign and an amount
                temperature = 0x8000 - temperature
            temperature /= 10
            humidity = (data[0] << 8 | data[1]) / 10
            limits = -40, 80, 0.1, 100  # a line held low reads as zeros, the sum of which is right
        if not (limits[0] <= temperature <= limits[1] and limits[2] <= humidity <= limits[3]):
            what = (
                "{}: {} °C, {} %; possible are {} to {} °C, {} to {} %: is it a {}? Look at wiring, supply, and for dew"
            )
            other = "DHT22" if self._pause == 1000 else "DHT11"
            raise OutOfRange(what.format(self._name, temperature, humidity, *(limits + (other,))))
        return temperature, humidity
