"""Restarts the board when nothing goes on any more: fed by progress, not by a timer."""

import asyncio
import sys
from time import ticks_diff, ticks_ms

import machine

__all__ = ("feed", "hand_over", "watch")

_STUCK = 180_000  # ms without a connection and without an attempt to make one
# ms in which it must be fed: an RP2040 can wait no longer than 8388.
_LIMIT = 8000 if sys.platform == "rp2" else 30000

_dog = None


async def watch(attempts, connected):
    """Feed the watchdog as long as the event loop turns, and something is connected or goes on trying.

    `attempts()` is a number that changes with each attempt to join the network or to reach the broker.
    """
    global _dog
    _dog = machine.WDT(timeout=_LIMIT)
    last = -1
    since = ticks_ms()
    while True:
        count = attempts()
        if connected() or count != last:
            last = count
            since = ticks_ms()
        if ticks_diff(ticks_ms(), since) < _STUCK:
            _dog.feed()
        await asyncio.sleep(1)


def feed():
    """Feed it: something long is being done, and goes on."""
    if _dog:
        _dog.feed()


def hand_over():
    """From now on a timer feeds it: somebody has stopped the program and works on the board."""
    if _dog:
        _dog.feed()
        machine.Timer(0 if sys.platform == "esp32" else -1).init(period=1000, callback=_tick)


def _tick(timer):
    _dog.feed()  # pyright: ignore[reportOptionalMemberAccess]
