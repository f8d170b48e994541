"""Restarts the board when nothing goes on any more: fed by progress, not by a timer."""

import asyncio
import sys
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import machine

__all__ = ("begin", "feed", "hand_over", "stop", "watch")

_STUCK = const(180_000)  # ms without a connection and without an attempt to make one
_LIMIT = const(30_000)  # ms without a turn of the event loop; looking up a host name alone may take 10 s
_WDT = const(0x40058000)  # of an RP2040; RP2350: _WDT_2350; CTRL comes first, and the alias at _CLEAR clears its bits
_WDT_2350 = const(0x400D8000)
_CLEAR = const(0x3000)
_ENABLE = const(1 << 30)
_SHORT = sys.platform == "rp2"  # whose watchdog can wait no longer than 8388 ms (RP2040 data sheet, §4.7.3)

_dog = None
_timer = None
_deadline = None  # until then a timer feeds it where it is short of breath; None: for ever


def begin():
    """Start it; until `watch` does, each step of the start has to feed it: within 30 s, on an RP2 within 8 s."""
    global _dog
    _dog = machine.WDT(timeout=8000 if _SHORT else _LIMIT)


def feed():
    """A step of the start is done."""
    if _dog:
        _dog.feed()


async def watch(attempts, connected):
    """Feed it, if it was started, as long as the event loop turns, and something is connected or goes on trying.

    `attempts()` is a number that changes with each attempt to join the network or to reach the broker.
    """
    global _deadline
    if not _dog:
        return
    _deadline = ticks_add(ticks_ms(), _LIMIT)
    if _SHORT:
        _start_timer()
    last = -1
    since = ticks_ms()
    while True:
        now = ticks_ms()
        count = attempts()
        if connected() or count != last:
            last = count
            since = now
        if ticks_diff(now, since) < _STUCK:
            _deadline = ticks_add(now, _LIMIT)
            _dog.feed()
        await asyncio.sleep(1)


def stop():
    """Stop it for ever: an RP2's would go on while the board sleeps (RP2040 data sheet, §4.7.6; RP2350's, §12.9.7)."""
    global _dog
    if _SHORT and _dog:
        _dog = None
        if _timer:
            _timer.deinit()  # it would wake the board
        address = _WDT_2350 if "RP2350" in sys.implementation._machine else _WDT
        machine.mem32[address + _CLEAR] = _ENABLE


def hand_over():
    """From now on a timer feeds it: somebody has stopped the program and works on the board."""
    global _deadline
    if _dog:
        _deadline = None
        _start_timer()


def _start_timer():
    global _timer
    _timer = machine.Timer(0 if sys.platform == "esp32" else -1)
    _timer.init(period=1000, callback=_tick)
    _tick(None)


def _tick(timer):
    if _deadline is None or ticks_diff(_deadline, ticks_ms()) > 0:
        _dog.feed()  # pyright: ignore[reportOptionalMemberAccess]
