"""Pins, converters and pulse outputs of `machine` on a virtual board; see `api`."""

from __future__ import annotations

import struct
from typing import Any

from . import pins
from .hardware import Hardware

__all__ = ["Adc", "Adcs", "Pin", "Pins", "Pwm", "Pwms"]

# V, of an ideal ESP32 by attenuation; an RP2 has 3.3 V and no attenuation.
_ADC_RANGE = {0: 1.0, 1: 1.34, 2: 2.0, 3: 3.3}
_DEFAULT = -2  # stands for a pull that is not given: an ESP32 then leaves it as it is, an RP2 has none


class _Constants:
    """What a program finds in the class Pin and in each pin: ports/esp32/machine_pin.c, ports/rp2/machine_pin.[ch]."""

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
        """What the program knows a pin as, if it does."""
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
        """The level, or set it."""
        if x is None:
            return self.wire.level
        self.wire.put(x)
        return None

    __call__ = value

    def on(self) -> None:
        """Set it high."""
        self.wire.put(1)

    def off(self) -> None:
        """Set it low."""
        self.wire.put(0)

    high, low = on, off

    def toggle(self) -> None:
        """Change it."""
        self.wire.put(not self.wire.out)

    def irq(self, trigger: int | None) -> None:
        """Tell of edges from now on, -1: of all; the handler stays in the program. None: no longer."""
        edges = {self.IRQ_RISING: pins.RISING, self.IRQ_FALLING: pins.FALLING}
        if trigger not in (None, -1, *edges, sum(edges)):
            raise ValueError(f"a virtual {self._hardware.chip.name} knows no trigger {trigger}")
        self.wire.trigger = sum(edge for number, edge in edges.items() if number & (trigger or 0))

    # What `pulses_linux` uses.

    def takeinto(self, buffer: bytes) -> bytes:
        """What was received since the last call: durations in µs, 16 bits each, little-endian."""
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
        """Choose the range."""
        self._range = 3.3 if self._hardware.chip.rp2 else _ADC_RANGE[atten]

    def width(self, bits: int) -> None:
        """It always has 12 bits."""

    def _volts(self) -> float:
        return min(max(self._hardware.volts(self._wire), 0.0), self._range)

    def read(self) -> int:
        """What it converts, 0 to 4095."""
        return round(self._volts() / self._range * 4095)

    def read_u16(self) -> int:
        """The same, 0 to 65535."""
        value = self.read()  # 12 bits, of which MicroPython makes 16
        return value << 4 | value >> 8

    def read_uv(self) -> int:
        """The same, in µV."""
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
        """The frequency in Hz, or set it."""
        if value is None:
            return self._freq
        self.init(freq=value)
        return None

    def duty_u16(self, value: int | None = None) -> int | None:
        """The duty, 0 to 65535, or set it."""
        if value is None:
            return self._duty
        self.init(duty_u16=value)
        return None

    def deinit(self) -> None:
        """Put out no pulses any more."""
        self._wire.modulate(None)
