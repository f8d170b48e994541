"""Clock, its memory, and watchdog of `machine` on a virtual board; see `api`."""

from __future__ import annotations

import asyncio
import calendar
import time
from typing import Any

from .hardware import Ended, Hardware

__all__ = ["Rtc", "Watchdog"]


class Rtc:
    """The class `RTC`, and its only object."""

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def __call__(self, id: int = 0) -> Rtc:
        return self

    def memory(self, data: Any = None) -> bytes | None:
        """What is kept while it sleeps, or set it."""
        if data is None:
            return self._hardware.rtc_memory
        data = data.encode() if isinstance(data, str) else data
        if len(data) > (self._hardware.chip.rtc_memory or 2048):
            raise ValueError("buffer too long")
        self._hardware.rtc_memory = data
        return None

    def datetime(self, value: Any = None) -> tuple[int, ...] | None:
        """Year, month, day, weekday, hour, minute, second, 0; or set it."""
        if value is None:
            now = time.gmtime(self._hardware.now())
            return (*now[:3], now.tm_wday, *now[3:6], 0)
        year, month, day, _, hour, minute, second = value[:7]
        told = calendar.timegm((year, month, day, hour, minute, second))
        self._hardware.clock_offset = told - time.time()
        return None


class Watchdog:
    """Resets the chip when the program has not fed it in time; once made, nothing but a reset stops it."""

    _GRACE = 0.3  # s: this machine may be busy

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._timeout = 0.0
        self._fed = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def make(self, id: int = 0, timeout: int = 5000) -> Watchdog:
        """The class `WDT`; `timeout` in ms."""
        # An RP2 has an upper limit, too, but the firmware knows it by sys.platform, which is linux here.
        if timeout < 1:
            raise ValueError("timeout")
        self._timeout = timeout / 1000
        self.feed()
        self._look()
        return self

    def feed(self) -> None:
        """It is alive."""
        self._fed = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """The chip is off, or asleep."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self.stop()
        left = self._fed + self._timeout + self._GRACE - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
            return
        self._hardware.said(f"watchdog: not fed for {self._timeout:g} s, reset")
        self._hardware.ended(Ended("watchdog"))
