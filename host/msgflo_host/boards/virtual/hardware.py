"""Hardware of a virtual board: pins, buses, Wi-Fi, and the memory that survives a reset."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..chips import Chip
from .models.bus import Bus
from .models.sound import Sound
from .pins import Pin

__all__ = ["CAUSES", "Ended", "Hardware", "Reset", "Wifi"]

Reset = Literal["power", "hard", "watchdog", "sleep", "soft"]
CAUSES: dict[Reset, int] = {"power": 1, "hard": 2, "watchdog": 3, "sleep": 4, "soft": 5}
"""`machine.PWRON_RESET` and so on; an RP2 has only the first and the third, see `Hardware.cause_number`."""

_ADC_NOISE = 0.002  # V, standard deviation


@dataclass(slots=True)
class Wifi:
    """The network around the board: whether the board is let in, and if not, why; `rssi` in dBm."""

    state: Literal["there", "absent", "wrong password"] = "there"
    rssi: int = -58
    connected: bool = False

    def change(self, state: Literal["there", "absent", "wrong password"]) -> None:
        """Change what is around the board: it loses a network that does not let it in."""
        self.state = state
        self.connected = self.connected and state == "there"


@dataclass(frozen=True, slots=True)
class Ended:
    """The program has ended a start by itself: why, and for how many ms the chip sleeps (None: until it is woken)."""

    cause: Reset
    sleep: float | None = 0


@dataclass(slots=True)
class Hardware:
    """The hardware around the program.

    What is called: `ended` when the program resets the chip or puts it to sleep; `log` with what the virtual board itself
    has to say, such as that the watchdog has bitten; `interrupt` with what the program has a handler for, to have it called;
    `edge` with each edge at a pin that the program waits for; `changed` when it may put out something else at a pin.
    """

    chip: Chip
    ended: Callable[[Ended], None] = lambda ended: None
    log: Callable[[str], None] = lambda text: None
    interrupt: Callable[[Any], None] = lambda thing: None
    edge: Callable[[Pin], None] = lambda pin: None
    changed: Callable[[Pin], None] = lambda pin: None
    pins: dict[int | str, Pin] = field(default_factory=dict)
    buses: dict[int, Bus] = field(default_factory=dict)
    microphones: dict[Pin, Sound] = field(default_factory=dict)
    wifi: Wifi = field(default_factory=Wifi)
    cause: Reset = "power"
    rtc_memory: bytes = b""
    clock_offset: float = 0.0
    noise: float = _ADC_NOISE
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def pin(self, name: int | str) -> Pin:
        """Return a pin of the chip; raises ValueError for one that it does not have."""
        known = name in self.chip.pins if not isinstance(name, str) else name == "LED" and self.chip.led
        if not known:
            raise ValueError("invalid pin")
        if name not in self.pins:
            pin = self.pins[name] = Pin(name)
            pin.edge = lambda pin: self.edge(pin)
            pin.listeners.append(lambda: self.changed(pin))
        return self.pins[name]

    def bus(self, number: int) -> Bus:
        """Return an I2C bus; raises ValueError for one that the chip does not have."""
        if not 0 <= number < self.chip.i2c:
            raise ValueError(f"I2C({number}) doesn't exist")
        return self.buses.setdefault(number, Bus())

    def volts(self, pin: Pin) -> float:
        """Return the voltage at a pin, with the noise that every converter has."""
        volts = pin.fixed
        if volts is None:
            volts = pin.volts() if pin.volts is not None else 3.3 * pin.level
        return volts + self._random.gauss(0, self.noise)

    def converts(self, pin: Pin) -> bool:
        """Return whether the pin has a converter."""
        return pin.name in self.chip.adc | self.chip.adc2

    def cause_number(self) -> int:
        """The number for `machine.reset_cause()`: an RP2 resets itself by its watchdog, whatever for."""
        if self.chip.rp2:
            return CAUSES["power" if self.cause == "power" else "watchdog"]
        return CAUSES[self.cause]

    def now(self) -> float:
        """Return the board's clock: Unix time, in s."""
        return time.time() + self.clock_offset

    def start(self, cause: Reset) -> None:
        """Begin a start: pins are inputs again; without power also the clock's memory is lost."""
        self.cause = cause
        self.wifi.connected = False
        if cause == "power":
            self.rtc_memory = b""
        for pin in self.pins.values():
            pin.reset()
