"""A contact, debounced by interrupt: a change counts once the contact has been still for a while.

Contacts bounce for up to about 10 ms when they close and when they open (J. Ganssle, "A Guide to Debouncing", measured
18 kinds of switches: 1.6 ms on average, 6.2 ms at most but for one with 157 ms). A glitch on the line is shorter still.

The interrupt handler notes what is needed to find out later what happened, so that nothing is lost while the program does
something else: a press and its release are both found, with their times. A note is a time when the contact came to rest,
as ~time where it was closed. Notes that were followed by an edge too soon are overwritten, so bounces take no memory.

Not promised: on an ESP32 handlers wait while the interpreter is busy in C (a TLS handshake takes a second); a press that
began and ended meanwhile is missed. Of more than 15 changes that nobody looked at, the oldest are forgotten.
"""

import asyncio
import sys
from time import ticks_diff, ticks_ms

from micropython import const

__all__ = ("Contact",)

_NOTES = const(15)  # one fewer than there are, which is a power of two


class Contact:
    """A contact on a pin; `closed` is whether it is, debounced, and right from the start.

    `active` is the pin's level, 0 or 1, where it is closed. `still`: ms without an edge after which a change counts.
    """

    def __init__(self, pin, active=0, still=20):
        self.still = still
        self._pin = pin
        self._active = active
        self.closed = pin() == active
        self._notes = [0] * (_NOTES + 1)
        self._last = 0  # the note that the handler wrote last
        self._seen = 0  # the note that was looked at last
        self._flag = asyncio.ThreadSafeFlag()
        # The ESP32 knows soft handlers only, and refuses to be asked. A hard one sees the level right at the edge.
        options = {"hard": True} if sys.platform == "rp2" else {}
        pin.irq(self._edge, pin.IRQ_FALLING | pin.IRQ_RISING, **options)

    async def change(self, within=None):
        """Wait until it was closed or opened, for at most so many ms if that is given.

        Returns the time (`ticks_ms`) from which on it is as `closed` says now, or None where nothing happened.
        """
        start = ticks_ms()
        while True:
            time = self.take()
            if time is not None or (within is not None and ticks_diff(ticks_ms(), start) >= within):
                return time
            if within is None and self._seen == self._last:
                await self._flag.wait()
            else:
                await asyncio.sleep_ms(5)

    def take(self):
        """Return the time of the next change if one has happened, and update `closed`; else None."""
        while self._seen != self._last:
            if self._last - self._seen > _NOTES:
                self._seen = self._last - _NOTES  # the older ones are overwritten
            note = self._notes[(self._seen + 1) & _NOTES]
            closed = note < 0
            time = ~note if closed else note
            if self._seen + 1 == self._last:
                if 0 <= ticks_diff(ticks_ms(), time) < self.still:
                    return None
                if (self._pin() == self._active) != closed:  # edges so close that the handler came too late
                    if closed == self.closed:
                        self._edge(self._pin)
                    closed = self.closed
            self._seen += 1
            if closed != self.closed:
                self.closed = closed
                return time
        return None

    def _edge(self, pin):
        # An interrupt handler: it must not take memory.
        now = ticks_ms()
        note = self._notes[self._last & _NOTES]
        if self._last == self._seen or not 0 <= ticks_diff(now, ~note if note < 0 else note) < self.still:
            self._last += 1
        closed = pin() == self._active
        self._notes[self._last & _NOTES] = ~now if closed else now  # pyright: ignore - the stubs' times are no numbers
        self._flag.set()
