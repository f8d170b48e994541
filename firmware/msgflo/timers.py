"""Timers that keep to their schedule."""

import asyncio

from ._platform import ticks_add, ticks_diff, ticks_ms
from .errors import ConfigError

__all__ = ("Timer",)


class Timer:
    """Calls a function every so many seconds (at least 0.001) until cancelled; made by `Participant.every`."""

    def __init__(self, seconds, function):
        if not seconds >= 0.001:
            raise ConfigError("every({!r}, …): at least 0.001 s is needed".format(seconds))
        self.seconds = seconds
        self._function = function
        self._task = None
        self._cancelled = False

    def cancel(self):
        """Call the function no more; the call that runs now, if any, ends as usual."""
        self._cancelled = True

    def start(self, call):
        """Begin; `await call(function)` makes each call and deals with its exceptions."""
        if not self._cancelled:
            self._task = asyncio.create_task(self._run(call))

    def stop(self):
        """End for now: a call that waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, call):
        period = round(self.seconds * 1000)
        due = ticks_add(ticks_ms(), period)
        while True:
            await asyncio.sleep(max(ticks_diff(due, ticks_ms()), 0) / 1000)
            if self._cancelled:
                return
            await call(self._function)
            # By the schedule, so that calls do not drift; but those that were missed are not made up for.
            due = ticks_add(due, period)
            if ticks_diff(due, ticks_ms()) < 0:
                due = ticks_ms()
