"""`machine` as the program of a virtual board sees it; every call arrives here over `link`.

Names, arguments and exceptions are those of MicroPython's documentation (docs.micropython.org, library `machine`, and the
quick references of ESP32 and RP2).
"""

from __future__ import annotations

import asyncio
import errno
import time
from typing import Any

from . import pins
from .buses import I2C, I2SReceivers
from .clock_api import Rtc, Watchdog
from .hardware import CAUSES, Ended, Hardware, Reset
from .pin_api import Adcs, Pin, Pins, Pwms

__all__ = ["Machine"]

_UNIQUE = b"\x24\x6f\x28\x00\x00\x01"


class Machine:
    """The module `machine`, during one start of the program."""

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self.watchdog = Watchdog(hardware)
        self.Pin = Pins(hardware)
        self.ADC = Adcs(hardware, self.Pin)
        self.PWM = Pwms(hardware, self.Pin)
        self.RTC = Rtc(hardware)
        self.WDT = self.watchdog.make
        self.I2C = self.SoftI2C = self._i2c
        self.I2S = I2SReceivers(hardware)
        if not hardware.chip.rp2:
            self.HARD_RESET, self.DEEPSLEEP_RESET, self.SOFT_RESET = CAUSES["hard"], CAUSES["sleep"], CAUSES["soft"]
        self.PWRON_RESET, self.WDT_RESET = CAUSES["power"], CAUSES["watchdog"]
        self.PIN_WAKE, self.TIMER_WAKE = 2, 4

    def _i2c(self, id: int = 0, *, scl: Any = None, sda: Any = None, freq: int = 400_000, timeout: int = 0) -> I2C:
        return I2C(self._hardware.bus(id), errno.EIO if self._hardware.chip.rp2 else errno.ENODEV)

    def reset(self) -> Any:
        """Start anew."""
        return self._end("hard")

    def soft_reset(self) -> Any:
        """Start anew, and say that it was a soft reset."""
        return self._end("soft")

    def deepsleep(self, time_ms: float | None = None) -> Any:
        """Sleep for so many ms, or until it is woken; then start anew."""
        return self._end("sleep", time_ms)

    def _end(self, cause: Reset, sleep: float | None = 0) -> Any:
        self._hardware.ended(Ended(cause, sleep))
        return asyncio.get_running_loop().create_future()  # never answered: the program is gone before

    async def lightsleep(self, time_ms: float = 0) -> None:
        """Wait for so many ms."""
        await asyncio.sleep(time_ms / 1000)

    def reset_cause(self) -> int:
        """Why it was started."""
        return self._hardware.cause_number()

    def wake_reason(self) -> int:
        """What ended the sleep."""
        return self.TIMER_WAKE if self._hardware.cause == "sleep" else 0

    def unique_id(self) -> bytes:
        """Six bytes, on all virtual boards the same."""
        return _UNIQUE

    def freq(self, hz: int | None = None) -> int | None:
        """The frequency of a chip, in Hz; it cannot be changed."""
        return (125_000_000 if self._hardware.chip.rp2 else 160_000_000) if hz is None else None

    def idle(self) -> None:
        """Nothing to do."""

    def disable_irq(self) -> int:
        """Handlers run in the event loop, so nothing is to be done."""
        return 0

    def enable_irq(self, state: int = 0) -> None:
        """Nothing is to be done."""

    def bitstream(self, pin: Pin, encoding: int, timing: tuple[int, ...], buffer: bytes) -> None:
        """Send bytes to pixels."""
        if encoding != 0 or len(timing) != 4:
            raise ValueError("encoding")
        pin.wire.bits(buffer)

    def dht_readinto(self, pin: Pin, buffer: bytes) -> bytes:
        """Ask a DHT; raises OSError where none answers."""
        data = pin.wire.answer() if pin.wire.answer is not None else None
        if data is None:
            raise OSError(errno.ETIMEDOUT, "timeout")
        return data[: len(buffer)]

    async def time_pulse_us(self, pin: Pin, level: int, timeout: int = 1_000_000) -> int:
        """The length of the next pulse, by this machine's clock."""
        wire = pin.wire
        if not await _reached(wire, level, timeout):
            return -2
        began = time.perf_counter()
        if not await _reached(wire, 1 - level, timeout):
            return -1
        return round((time.perf_counter() - began) * 1e6)

    def Timer(self, *args: Any, **kwargs: Any) -> None:
        """Not there."""
        raise NotImplementedError("a virtual board has no machine.Timer; use asyncio")


async def _reached(wire: pins.Pin, level: int, timeout: int) -> bool:
    deadline = time.perf_counter() + timeout / 1e6
    while wire.level != level:
        if time.perf_counter() > deadline:
            return False
        await asyncio.sleep(0)
    return True
