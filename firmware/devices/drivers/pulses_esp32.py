"""Pulses on a pin of an ESP32: received by interrupts, sent by the RMT unit."""

import asyncio
from array import array
from time import ticks_diff, ticks_us

import esp32  # pyright: ignore[reportMissingImports] - an RP2 has none

import machine

__all__ = ("Receiver", "Transmitter")

_RING = 511  # durations that can wait, less one
_QUIET = 15000  # µs without an edge after which a low counts as long
_SPIKES = 4  # calls in a row that find the level unchanged: two spikes that were over before; more are a hole


class Receiver:
    """Captures the edges of a pin; allocates nothing while it does.

    MicroPython calls the handler soon after the edge, not at once: times are true to some 10 µs, worse under load. When
    more calls wait than it has places for (8, which others need too), it drops one without a word. That shows: calls that
    waited all find the level of now, so there are many of the same in a row, or, as levels alternate, an odd number.
    """

    def __init__(self, pin):
        self.lost = 0  # edges that came while the ring was full, and times that edges were dropped
        self._ring = array("H", bytes(2 * _RING + 2))  # a high at each even place, a low at each odd one
        self._taken = array("H", bytes(2 * _RING + 2))
        self._head = self._tail = 0
        self._last = ticks_us()
        self._pin = pin
        self._level = pin()
        self._same = 0  # calls since the last one that found another level
        pin.irq(self._edge, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)

    def take(self):
        """Return alternating high and low durations in µs since the last call, in a buffer that is used again."""
        head = self._head
        tail = self._tail
        if head & 1 and ticks_diff(ticks_us(), self._last) > _QUIET:
            self._ring[head] = 65535  # no need to wait for the end of the silence
            head = self._head = (head + 1) & _RING
        taken = self._taken
        ring = self._ring
        count = ((head - tail) & _RING) & ~1
        for i in range(count):
            taken[i] = ring[(tail + i) & _RING]
        self._tail = (tail + count) & _RING
        return memoryview(taken)[:count] if count else ()

    def stop(self):
        """Stop to listen."""
        self._pin.irq(None)

    def _edge(self, pin):
        now = ticks_us()
        level = pin()
        if level == self._level:
            self._same += 1
            return
        # Two such calls: a spike that was over before the first. One alone: the edge before was dropped.
        if self._same & 1 or self._same > _SPIKES:
            self.lost += 1
        self._same = 0
        self._level = level
        head = self._head
        if ((head + 2) & _RING) == self._tail:
            self.lost += 1
        elif head & 1 == level:  # what ended was a high, and the place is for a high; or both low
            self._ring[head] = min(ticks_diff(now, self._last), 65535)
            self._head = (head + 1) & _RING
        self._last = now


class Transmitter:
    """Sends pulses on a pin."""

    def __init__(self, pin):
        self._rmt = esp32.RMT(0, pin=pin, clock_div=80)  # 1 µs a step

    async def send(self, durations, repeat):
        """Send alternating high and low durations, in µs up to 32767, so many times."""
        self._rmt.write_pulses(tuple(durations) * repeat, True)
        while not self._rmt.wait_done(timeout=0):
            await asyncio.sleep_ms(5)
