"""The pins of a virtual board: driven by the program or by the parts wired to them, with listeners for changes.

The numbers of modes are an ESP32's; those of other chips `machine_api` knows.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["FALLING", "IN", "OPEN_DRAIN", "OUT", "PULL_DOWN", "PULL_UP", "RISING", "Pin"]

IN, OUT, OPEN_DRAIN = 1, 3, 7
PULL_DOWN, PULL_UP = 1, 2
RISING, FALLING = 1, 2


class Pin:
    """One pin: `level` is what a meter would show, 0 or 1.

    What is wired to it: `volts()` is asked for when its voltage is converted, `answer()` for the bytes of a DHT (None: there is
    none). `received` are the durations of pulses that the program has not taken yet, of 16 bits each.

    Callbacks: `listeners` are called whenever something about what the program puts out has changed, `bits` with the
    bytes of a bit stream (pixels), `sent` with pulses (durations in µs from a high one on, and how often), `edge` with
    each edge that the program has asked for by `trigger`.
    """

    def __init__(self, name: int | str) -> None:
        self.name = name
        self.listeners: list[Callable[[], None]] = []
        self.bits: Callable[[bytes], None] = lambda data: None
        self.volts: Callable[[], float] | None = None
        self.edge: Callable[[Pin], None] = lambda pin: None
        self.driven: int | None = None
        self.fixed: float | None = None  # V, in place of what is wired to it
        self.answer: Callable[[], bytes | None] | None = None
        self.sent: Callable[[list[int], int], None] = lambda durations, repeat: None
        self.received = bytearray()
        self.reset()

    def reset(self) -> None:
        """As after power-on: an input without a pull resistor. What is wired to it stays as it is."""
        self.mode = IN
        self.pull = 0
        self.out = 0
        self.trigger = 0
        self.pwm: tuple[int, int] | None = None
        self.received.clear()
        self._changed()

    @property
    def level(self) -> int:
        """0 or 1; an output's own value counts, else what drives it, else the pull resistor, else 0."""
        if self.mode == OUT or (self.mode == OPEN_DRAIN and not self.out):
            return self.out
        if self.driven is not None:
            return self.driven
        return int(self.pull == PULL_UP)

    @property
    def driving(self) -> bool:
        return self.mode in (OUT, OPEN_DRAIN) or self.pwm is not None

    @property
    def duty(self) -> float:
        """The share of time in which the program holds it high: 0 to 1."""
        if self.pwm is not None:
            return self.pwm[1] / 65535
        return float(self.out) if self.driving else 0.0

    def configure(self, mode: int | None = None, pull: int | None = None, value: int | None = None) -> None:
        """Take mode, pull resistor (0: none) and value from the program; None leaves what is."""
        before = self.level
        if value is not None:
            self.out = int(bool(value))
        if mode is not None:
            self.mode = mode
            self.pwm = None
        if pull is not None:
            self.pull = pull
        self._notify(before)
        self._changed()

    def put(self, value: int) -> None:
        """Set the output's value."""
        value = int(bool(value))
        if value == self.out and self.pwm is None:
            return
        before = self.level
        self.out = value
        self.pwm = None
        self._notify(before)
        self._changed()

    def modulate(self, pwm: tuple[int, int] | None) -> None:
        """Put out pulses: (frequency in Hz, duty 0 to 65535); None: no longer."""
        if pwm != self.pwm:
            self.pwm = pwm
            self.mode = OUT
            self._changed()

    def drive(self, level: int | None) -> None:
        """Let something outside hold it high or low; None lets it go."""
        before = self.level
        self.driven = level
        self._notify(before)

    def _notify(self, before: int) -> None:
        now = self.level
        if now != before and self.trigger & (RISING if now else FALLING):
            self.edge(self)

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()
