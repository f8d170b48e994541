"""`machine` as the program of a virtual board sees it; every call arrives here over `hardware_link`.

Names, arguments and exceptions are those of MicroPython's documentation (docs.micropython.org, library `machine`, and the
quick references of ESP32 and RP2). Objects with `interrupts` have a handler in the program.
"""

from __future__ import annotations

import asyncio
import calendar
import errno
import struct
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

from . import pins
from .hardware import CAUSES, Ended, Hardware, Reset
from .models.bus import Bus, NoAcknowledge
from .models.sound import Sound

__all__ = ["I2C", "I2S", "Adc", "Adcs", "I2SReceivers", "Machine", "Pin", "Pins", "Pwm", "Pwms", "Rtc", "Watchdog"]

# V, of an ideal ESP32 by attenuation; an RP2 has 3.3 V and no attenuation.
_ADC_RANGE = {0: 1.0, 1: 1.34, 2: 2.0, 3: 3.3}
_DEFAULT = -2  # stands for a pull that is not given: an ESP32 then leaves it as it is, an RP2 has none


class _Constants:
    """Constants of the class Pin and of each pin: ports/esp32/machine_pin.c, ports/rp2/machine_pin.[ch]."""

    def __init__(self, rp2: bool) -> None:
        self.IN, self.OUT, self.OPEN_DRAIN = (0, 1, 2) if rp2 else (1, 3, 7)
        self.PULL_UP, self.PULL_DOWN = (1, 2) if rp2 else (2, 1)
        self.IRQ_RISING, self.IRQ_FALLING = (8, 4) if rp2 else (1, 2)


class Pins(_Constants):
    """The class `Pin`."""

    def __init__(self, hardware: Hardware) -> None:
        super().__init__(hardware.chip.rp2)
        self._hardware = hardware
        self._pins: dict[pins.Pin, Pin] = {}

    def __call__(self, id: Any, *how: Any, **options: Any) -> Pin:
        pin = self.find(id)
        if how or options:
            pin.init(*how, **options)
        return pin

    def find(self, pin: Any) -> Pin:
        """The program's pin of that number or name, always the same; a pin is taken as it is."""
        if isinstance(pin, Pin):
            return pin
        wire = self._hardware.pin(pin)
        return self._pins.setdefault(wire, Pin(self._hardware, wire))

    def known(self, wire: pins.Pin) -> Pin | None:
        """Return the program's object for a pin, if it has one."""
        return self._pins.get(wire)


class Pin(_Constants):
    """A pin."""

    interrupts = True  # it has handlers in the program

    def __init__(self, hardware: Hardware, wire: pins.Pin) -> None:
        super().__init__(hardware.chip.rp2)
        self._hardware = hardware
        self.wire = wire

    def init(self, mode: int | None = None, pull: int | None = _DEFAULT, *, value: int | None = None, **_: Any) -> None:
        """Take mode, pull resistor and value; refuses the numbers of other chips, which this one would misunderstand."""
        modes = {None: None, self.IN: pins.IN, self.OUT: pins.OUT, self.OPEN_DRAIN: pins.OPEN_DRAIN}
        pulls: dict[int | None, int | None] = {None: 0, self.PULL_UP: pins.PULL_UP, self.PULL_DOWN: pins.PULL_DOWN}
        if not self._hardware.chip.rp2:
            pulls |= {-1: None, _DEFAULT: None}
        elif pull == _DEFAULT:
            pull = None
        elif pull is not None and isinstance(self.wire.name, str):
            raise ValueError("pulls are not supported for external pins")
        if mode not in modes or pull not in pulls:
            raise ValueError(f"a virtual {self._hardware.chip.name} knows no pin of mode {mode}, pull {pull}")
        if mode not in (None, self.IN) and self.wire.name in self._hardware.chip.input_only:
            raise ValueError("pin can only be input")
        self.wire.configure(modes[mode], pulls[pull], value)

    def value(self, x: Any = None) -> int | None:
        if x is None:
            return self.wire.level
        self.wire.put(x)
        return None

    __call__ = value

    def on(self) -> None:
        self.wire.put(1)

    def off(self) -> None:
        self.wire.put(0)

    high, low = on, off

    def toggle(self) -> None:
        self.wire.put(not self.wire.out)

    def irq(self, trigger: int | None) -> None:
        """Tell of edges from now on, -1: of all; the handler stays in the program. None: no longer."""
        edges = {self.IRQ_RISING: pins.RISING, self.IRQ_FALLING: pins.FALLING}
        if trigger not in (None, -1, *edges, sum(edges)):
            raise ValueError(f"a virtual {self._hardware.chip.name} knows no trigger {trigger}")
        self.wire.trigger = sum(edge for number, edge in edges.items() if number & (trigger or 0))

    # What `pulses_linux` uses.

    def takeinto(self, buffer: bytes) -> bytes:
        """Return the pulses since the last call: durations in µs, 16 bits each, little-endian."""
        taken = bytes(self.wire.received[: len(buffer)])
        del self.wire.received[: len(taken)]
        return taken

    def transmit(self, durations: bytes, repeat: int) -> None:
        """Send pulses, of which the first is a high one."""
        self.wire.sent([each for (each,) in struct.iter_unpack("<H", durations)], repeat)


class Adcs:
    """The class `ADC`."""

    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = range(4)
    WIDTH_12BIT = 12

    def __init__(self, hardware: Hardware, pins: Pins) -> None:
        self._hardware = hardware
        self._pins = pins

    def __call__(self, pin: Any, *, atten: int = 0, **_: Any) -> Adc:
        hardware = self._hardware
        if hardware.chip.rp2 and pin in range(4):
            pin += 26  # a channel; 4 would be the chip's own temperature
        wire = self._pins.find(pin).wire
        if not hardware.converts(wire):
            raise ValueError("invalid pin" if not hardware.chip.rp2 else "Pin doesn't have ADC capabilities")
        return Adc(hardware, wire, atten)


class Adc:
    """A converter."""

    def __init__(self, hardware: Hardware, wire: pins.Pin, atten: int) -> None:
        self._hardware = hardware
        self._wire = wire
        self.atten(atten)

    def atten(self, atten: int) -> None:
        self._range = 3.3 if self._hardware.chip.rp2 else _ADC_RANGE[atten]

    def width(self, bits: int) -> None:
        pass

    def _volts(self) -> float:
        return min(max(self._hardware.volts(self._wire), 0.0), self._range)

    def read(self) -> int:
        return round(self._volts() / self._range * 4095)

    def read_u16(self) -> int:
        value = self.read()  # 12 bits, of which MicroPython makes 16
        return value << 4 | value >> 8

    def read_uv(self) -> int:
        return round(self._volts() * 1e6)


class Pwms:
    """The class `PWM`."""

    def __init__(self, hardware: Hardware, pins: Pins) -> None:
        self._hardware = hardware
        self._pins = pins

    def __call__(self, pin: Any, *, freq: int = 0, duty_u16: int = 0, duty: int | None = None, **_: Any) -> Pwm:
        wire = self._pins.find(pin).wire
        if wire.name in self._hardware.chip.input_only:
            raise ValueError("pin can only be input")
        made = Pwm(wire)
        made.init(freq=freq or None, duty_u16=duty_u16 if duty is None else duty * 64)
        return made


class Pwm:
    """An output of pulses."""

    def __init__(self, wire: pins.Pin) -> None:
        self._wire = wire
        self._freq, self._duty = 5000, 0

    def init(self, *, freq: int | None = None, duty_u16: int | None = None, **_: Any) -> None:
        """Take frequency and duty, both at once."""
        freq = self._freq if freq is None else freq
        duty = self._duty if duty_u16 is None else duty_u16
        if not 1 <= freq <= 40_000_000:
            raise ValueError("frequency")
        if not 0 <= duty <= 65535:
            raise ValueError("duty_u16 must be from 0 to 65535")
        self._freq, self._duty = freq, duty
        self._wire.modulate((freq, duty))

    def freq(self, value: int | None = None) -> int | None:
        if value is None:
            return self._freq
        self.init(freq=value)
        return None

    def duty_u16(self, value: int | None = None) -> int | None:
        if value is None:
            return self._duty
        self.init(duty_u16=value)
        return None

    def deinit(self) -> None:
        self._wire.modulate(None)


class I2C:
    """A bus; `error` is the number of the OSError that the chip raises where nobody answers."""

    def __init__(self, bus: Bus, error: int) -> None:
        self._bus = bus
        self._error = error

    def init(self, **_: Any) -> None:
        """The pins and the frequency are what they are."""

    def scan(self) -> list[int]:
        return self._bus.scan()

    def writeto(self, addr: int, buf: bytes, stop: bool = True) -> int:
        with self._answering():
            self._bus.write(addr, buf)
        return len(buf)

    def readfrom(self, addr: int, nbytes: int, stop: bool = True) -> bytes:
        with self._answering():
            return self._bus.read(addr, nbytes)

    def readfrom_into(self, addr: int, buf: bytes, stop: bool = True) -> bytes:
        return self.readfrom(addr, len(buf))

    def writeto_mem(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> None:
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big") + buf)

    def readfrom_mem(self, addr: int, memaddr: int, nbytes: int, *, addrsize: int = 8) -> bytes:
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big"))
        return self.readfrom(addr, nbytes)

    def readfrom_mem_into(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> bytes:
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
        pass


class I2SReceivers:
    """The class `I2S`."""

    RX, TX, MONO, STEREO = 0, 1, 0, 1

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def __call__(self, id: int, *, sd: Pin, mode: int, bits: int, rate: int, format: int = 0, **_: Any) -> I2S:
        if mode != self.RX or format != self.MONO or bits not in (16, 32):
            raise NotImplementedError("a virtual board's I2S receives 16 or 32 bits from one channel")
        return I2S(self._hardware, self._hardware.microphones.get(sd.wire), bits, rate)


class Rtc:
    """The class `RTC`, and its only object."""

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def __call__(self, id: int = 0) -> Rtc:
        return self

    def memory(self, data: Any = None) -> bytes | None:
        """Return the memory that survives a sleep, or set it."""
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
        seconds = calendar.timegm((year, month, day, hour, minute, second))
        self._hardware.clock_offset = seconds - time.time()
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
        self._check()
        return self

    def feed(self) -> None:
        self._fed = asyncio.get_running_loop().time()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        self.stop()
        left = self._fed + self._timeout + self._GRACE - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._check)
            return
        self._hardware.log(f"watchdog: not fed for {self._timeout:g} s, reset")
        self._hardware.ended(Ended("watchdog"))


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
        return self._end("hard")

    def soft_reset(self) -> Any:
        return self._end("soft")

    def deepsleep(self, time_ms: float | None = None) -> Any:
        return self._end("sleep", time_ms)

    def _end(self, cause: Reset, sleep: float | None = 0) -> Any:
        self._hardware.ended(Ended(cause, sleep))
        return asyncio.get_running_loop().create_future()  # never answered: the program is gone before

    async def lightsleep(self, time_ms: float = 0) -> None:
        await asyncio.sleep(time_ms / 1000)

    def reset_cause(self) -> int:
        return self._hardware.cause_number()

    def wake_reason(self) -> int:
        return self.TIMER_WAKE if self._hardware.cause == "sleep" else 0

    def unique_id(self) -> bytes:
        return _UNIQUE

    def freq(self, hz: int | None = None) -> int | None:
        return (125_000_000 if self._hardware.chip.rp2 else 160_000_000) if hz is None else None

    def idle(self) -> None:
        pass

    def disable_irq(self) -> int:
        return 0

    def enable_irq(self, state: int = 0) -> None:
        pass

    def bitstream(self, pin: Pin, encoding: int, timing: tuple[int, ...], buffer: bytes) -> None:
        if encoding != 0 or len(timing) != 4:
            raise ValueError("encoding")
        pin.wire.bits(buffer)

    def dht_readinto(self, pin: Pin, buffer: bytes) -> bytes:
        data = pin.wire.answer() if pin.wire.answer is not None else None
        if data is None:
            raise OSError(errno.ETIMEDOUT, "timeout")
        return data[: len(buffer)]

    async def time_pulse_us(self, pin: Pin, level: int, timeout: int = 1_000_000) -> int:
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
