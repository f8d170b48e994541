"""Pulses of 433 MHz on a virtual board: what is received was given to its control socket, what is sent is shown there."""

import asyncio
from array import array

__all__ = ("Receiver", "Transmitter")


class Receiver:
    """Takes pulses from a pin; `lost` counts those that came while too many waited."""

    def __init__(self, pin):
        self._pin = pin
        self._buffer = array("H", bytearray(256))
        self.lost = 0
        pin.takeinto(self._buffer)

    def take(self):
        """Return the durations in µs since the last call: high, low, high, …; the same array each time."""
        count = self._pin.takeinto(self._buffer) // 2
        return self._buffer[:count]

    def stop(self):
        """Receive no more."""


class Transmitter:
    """Sends pulses on a pin."""

    def __init__(self, pin):
        self._pin = pin

    async def send(self, durations, repeat):
        """Send durations in µs, high, low, high, …, so many times."""
        self._pin.transmit(array("H", durations), repeat)
        await asyncio.sleep(sum(durations) * repeat / 1000000)
