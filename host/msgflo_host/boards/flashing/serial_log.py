"""The lines that a board prints on its serial port, across its restarts."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any

from ...errors import FlashError
from .serial_ports import in_use

__all__ = ["SerialLog"]

_BAUD = 115200
_REOPEN_S = 0.2
_LONGEST = 1000  # characters of a line


class SerialLog:
    """Reads a port in a thread; a context manager. A port that goes away, as a Pico's does at a reset, is opened again."""

    def __init__(self, device: str, port: Any = None) -> None:
        self._device = device
        self._port = port
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="serial log", daemon=True)
        self.gone_since: float | None = None
        """Since when the port cannot be opened; None while it is open."""

    def __enter__(self) -> SerialLog:
        if self._port is None:
            self._port = self._open()
            if self._port is None:
                raise FlashError(f"{self._device} cannot be opened: {in_use(self._device)}")
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join(2)
        self._close()

    def lines(self) -> list[str]:
        """Return the lines that have come since the last call."""
        found = []
        while not self._lines.empty():
            found.append(self._lines.get())
        return found

    def _read(self) -> None:
        rest = b""
        while not self._ended.is_set():
            self._port = self._port or self._open()
            if self._port is None:
                self.gone_since = self.gone_since or time.monotonic()
                self._ended.wait(_REOPEN_S)
                continue
            self.gone_since = None
            try:
                self._port.timeout = _REOPEN_S
                rest += self._port.read(max(1, self._port.in_waiting))
            except (OSError, TypeError):  # TypeError: pyserial, when the port is closed while it reads
                self._close()
                continue
            *whole, rest = rest.split(b"\n")
            for line in whole:
                self._lines.put(_text(line))
            if len(rest) > _LONGEST:
                rest = b""

    def _open(self) -> Any:
        import serial

        with contextlib.suppress(OSError, ValueError):
            # Two who read one port get half each.
            return serial.serial_for_url(self._device, _BAUD, timeout=_REOPEN_S, exclusive=True)
        return None

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError):
                port.close()


def _text(line: bytes) -> str:
    """A line without what no terminal should get: a chip's boot ROM speaks at another rate."""
    return "".join(
        char for char in line.decode(errors="replace").rstrip("\r") if char.isprintable() and char != "\ufffd"
    )
