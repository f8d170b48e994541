"""A board on a serial port, with its MicroPython waiting for commands: looked at, written to, restarted.

mpremote's transport speaks the raw REPL. Nothing is reset until `restart`: a soft reset would leave a watchdog running
with nobody to feed it.
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ...errors import FlashError
from . import repl_scripts
from .repl_scripts import State
from .serial_ports import check_access, in_use

__all__ = ["NoMicroPython", "SerialBoard", "connected", "digest"]

_BAUD = 115200
_PROMPT = b">>> "
_TRIES = 3
_ANSWER_S = 3.0
_SILENCE_S = 15.0  # of a script that runs: hashing all files takes a second, formatting a flash some more


class NoMicroPython(FlashError):
    """The program at the port does not answer as MicroPython does."""


class _ScriptError(FlashError):
    """A script ended with an exception on the board; `last` is the last line of its traceback."""

    def __init__(self, device: str, last: str) -> None:
        super().__init__(f"{device}: the board says {last!r}{_HINTS.get(last.split(':')[0], '')}")
        self.last = last


class SerialBoard:
    """A board whose program was stopped; made by `connected`."""

    def __init__(self, transport: Any, device: str) -> None:
        self._transport = transport
        self.device = device
        self.stopped = True
        """Whether its program is still stopped, so that it has to be started again."""

    def probe(self) -> State:
        """Return what the board is and has; its watchdog no longer bites. Raises NoMicroPython."""
        try:
            return repl_scripts.state(self._run(repl_scripts.PROBE))
        except _ScriptError as error:
            # CircuitPython, or a MicroPython from long ago: it has to be replaced.
            if error.last.startswith(("ImportError", "AttributeError", "TypeError")):
                raise NoMicroPython(str(error)) from None
            raise
        except ValueError as error:
            raise NoMicroPython(f"{self.device}: {error}") from None

    def write(self, files: Mapping[str, bytes], progress: Callable[[int], None] = lambda _: None) -> None:
        """Write files in their order, each whole or not at all; `progress` gets the bytes as they go over."""
        if not files:
            return
        self._run(repl_scripts.WRITER)
        calls = [call for path, content in files.items() for call in repl_scripts.pieces(path, content)]
        written: dict[str, str] = {}
        for script in repl_scripts.scripts(calls):
            written |= repl_scripts.hashes(self._run(script))
            progress(sum(len(line) - 6 for line in script.splitlines() if line.startswith("_w(")) * 3 // 4)
        for path, content in files.items():
            if written.get(path) != digest(content):
                raise FlashError(f"{self.device}: {path} did not arrive as it was sent; try again, or another cable")

    def remove(self, paths: list[str]) -> None:
        """Remove files, where they are there, and the folders that are empty then."""
        if paths:
            self._run(repl_scripts.remove(paths))

    def move(self, old: str, new: str) -> None:
        """Give a file another name."""
        self._run(f"import os\nos.rename({old!r},{new!r})")

    def restart(self) -> bool:
        """Reset it as its button would; nothing can be asked any more. Returns whether it has acknowledged that."""
        return self._leave(repl_scripts.RESTART)

    def start_bootloader(self) -> None:
        """Let it wait for another MicroPython: an RP2 becomes a drive."""
        self._leave(repl_scripts.START_BOOTLOADER)

    def take_port(self) -> Any:
        """Return the open port (a `serial.Serial`), for reading what it says; the caller closes it."""
        return self._transport.serial

    def _leave(self, script: str) -> bool:
        from mpremote.transport import TransportError

        self.stopped = False
        # The port may be gone before the command is acknowledged.
        with contextlib.suppress(TransportError, OSError, struct.error):
            self._transport.exec_raw_no_follow(script)
            return True
        return False

    def _run(self, script: str) -> str:
        from mpremote.transport import TransportError

        try:
            output, error = self._transport.exec_raw(script, timeout=_SILENCE_S)
        except (TransportError, OSError, struct.error) as lost:
            self.stopped = False  # it takes no commands any more
            raise FlashError(f"{self.device}: the board went away in the middle ({_reason(lost)}); {_AGAIN}") from None
        if error:
            last = error.decode(errors="replace").strip().splitlines()[-1]
            raise _ScriptError(self.device, last)
        return str(output.decode(errors="replace"))


_AGAIN = "plug it in again and run this once more: it goes on where it was"
_HINTS = {
    "OSError": "; its file system may be full or damaged: erase it and flash again (docs/flashing.md)",
    "MemoryError": "; press its reset button and run this once more",
}


def digest(content: bytes) -> str:
    """Return the beginning of a SHA-256, as the board tells it."""
    return sha256(content).hexdigest()[:16]


@contextlib.contextmanager
def connected(device: str, *, tries: int = _TRIES) -> Iterator[SerialBoard]:
    """Stop what runs on the board at a port, and hand over the board; raises FlashError, NoMicroPython."""
    check_access(device)
    transport = _open(device)
    try:
        _stop_program(transport, device, tries)
        yield SerialBoard(transport, device)
    finally:
        with contextlib.suppress(OSError):
            transport.close()


def _open(device: str) -> Any:
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    try:
        transport = SerialTransport(device, _BAUD, timeout=_ANSWER_S)
    except (TransportError, OSError, ValueError) as error:
        raise FlashError(f"{device} cannot be opened ({_reason(error)}): {in_use(device)}") from None
    transport.serial.write_timeout = _ANSWER_S
    return transport


def _stop_program(transport: Any, device: str, tries: int) -> None:
    try:
        for _ in range(tries):
            # Ctrl-C stops the program, Ctrl-B leaves a raw REPL: both end at a prompt. Once only: main.py cleans up.
            transport.serial.write(b"\r\x03\x02")
            if _says(transport, _PROMPT, _ANSWER_S) and _raw(transport):
                return
        if _woken(transport) and _raw(transport):
            return
    except OSError as error:
        raise FlashError(f"{device}: the port is gone ({_reason(error)}); {_AGAIN}") from None
    raise NoMicroPython(f"{device}: no MicroPython answers")


def _raw(transport: Any) -> bool:
    """Enter the raw REPL; whether there is one. mpremote's way has no end while a program goes on printing."""
    transport.serial.write(b"\r\x01")
    return _says(transport, b"raw REPL; CTRL-B to exit\r\n", _ANSWER_S)


def _woken(transport: Any) -> bool:
    """Reset an ESP32 by the lines that its USB converter has for that, and stop what starts: it may have been asleep."""
    port = transport.serial
    try:
        port.dtr, port.rts = False, True  # RTS pulls EN low; DTR, were it set, would start the boot loader
        time.sleep(0.1)
        port.rts = False
    except (OSError, ValueError):
        return False  # no such lines
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        port.write(b"\x03")
        if _says(transport, _PROMPT, 0.1):
            return True
    return False


def _says(transport: Any, ending: bytes, seconds: float) -> bool:
    """Read until an ending, and not beyond; whether it came. Takes twice the time at most, whatever else is printed."""
    port = transport.serial
    port.timeout = seconds
    return bool(port.read_until(ending).endswith(ending))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
