"""The process that emulates a board: power, time and its Python; everything that is no pin and no network."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from emulation import build
from emulation.serial_port import PicoError, Serial

__all__ = ("Boot", "Chip")

_MAIN = Path(__file__).resolve().parent / "chip" / "main.mjs"
_REPL_TRIES = 40


@dataclass(frozen=True)
class Boot:
    """One start of the chip: `cause` is power or watchdog (which machine.reset() and deepsleep() use too)."""

    cause: str
    time: float


class Chip(Serial):
    """An emulated chip: requests to the process, and what it reports."""

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
            ["node", str(_MAIN), str(build.rom()), str(firmware)],
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
        for _ in range(_REPL_TRIES):
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

    def put_modules(self, root: Path, modules: Sequence[str]) -> None:
        """Copy Python modules, named by their paths below `root` without `.py`; makes their folders, which are new."""
        folders = {parent.as_posix() for module in modules for parent in Path(module).parents} - {"."}
        for folder in sorted(folders):
            self.run(f"import os\nos.mkdir({folder!r})")
        for module in modules:
            self.put(f"{module}.py", (root / f"{module}.py").read_text())
