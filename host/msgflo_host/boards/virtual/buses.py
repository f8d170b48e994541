"""I2C and I2S of `machine` on a virtual board; see `api`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

from .hardware import Hardware
from .models.bus import Bus, NoAcknowledge
from .models.sound import Sound
from .pin_api import Pin

__all__ = ["I2C", "I2S", "I2SReceivers"]


class I2C:
    """A bus; `error` is the number of the OSError that the chip raises where nobody answers."""

    def __init__(self, bus: Bus, error: int) -> None:
        self._bus = bus
        self._error = error

    def init(self, **_: Any) -> None:
        """The pins and the frequency are what they are."""

    def scan(self) -> list[int]:
        """The addresses that answer."""
        return self._bus.scan()

    def writeto(self, addr: int, buf: bytes, stop: bool = True) -> int:
        """Write, and return how many bytes were acknowledged."""
        with self._answering():
            self._bus.write(addr, buf)
        return len(buf)

    def readfrom(self, addr: int, nbytes: int, stop: bool = True) -> bytes:
        """Read."""
        with self._answering():
            return self._bus.read(addr, nbytes)

    def readfrom_into(self, addr: int, buf: bytes, stop: bool = True) -> bytes:
        """Read as many bytes as the program's buffer holds."""
        return self.readfrom(addr, len(buf))

    def writeto_mem(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> None:
        """Write to a register."""
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big") + buf)

    def readfrom_mem(self, addr: int, memaddr: int, nbytes: int, *, addrsize: int = 8) -> bytes:
        """Read from a register."""
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big"))
        return self.readfrom(addr, nbytes)

    def readfrom_mem_into(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> bytes:
        """Read from a register as many bytes as the program's buffer holds."""
        return self.readfrom_mem(addr, memaddr, len(buf), addrsize=addrsize)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except NoAcknowledge as error:
            raise OSError(self._error, str(error)) from None


class I2S:
    """A receiver of samples; nothing but zeros where no microphone is wired to its pin."""

    interrupts = True  # it has a handler in the program

    def __init__(self, hardware: Hardware, sound: Sound | None, bits: int, rate: int) -> None:
        self._hardware = hardware
        self._sound = sound
        self._bits = bits
        self._rate = rate
        self._interrupts = False

    def irq(self, trigger: int | None) -> None:
        """From now on `readinto` returns at once, and the handler is called when the buffer is filled."""
        self._interrupts = trigger is not None

    def readinto(self, buf: bytes) -> bytes | Awaitable[bytes]:
        """Fill the program's buffer with samples; that takes as long as they last."""
        count = len(buf) // (self._bits // 8)
        data = self._sound.samples(count, self._bits, self._rate) if self._sound is not None else bytes(len(buf))
        if not self._interrupts:
            return asyncio.sleep(count / self._rate, data)
        asyncio.get_running_loop().call_later(count / self._rate, self._hardware.interrupt, self)
        return data

    def deinit(self) -> None:
        """It is not used any more."""


class I2SReceivers:
    """The class `I2S`."""

    RX, TX, MONO, STEREO = 0, 1, 0, 1

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def __call__(self, id: int, *, sd: Pin, mode: int, bits: int, rate: int, format: int = 0, **_: Any) -> I2S:
        if mode != self.RX or format != self.MONO or bits not in (16, 32):
            raise NotImplementedError("a virtual board's I2S receives 16 or 32 bits from one channel")
        return I2S(self._hardware, self._hardware.microphones.get(sd.wire), bits, rate)
