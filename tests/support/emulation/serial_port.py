"""The USB serial port of an emulated board."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from contextlib import suppress
from queue import Empty, SimpleQueue

__all__ = ("PicoError", "Serial")


class PicoError(Exception):
    """The emulator refused something, or the chip did not do what was waited for."""


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

    def wait_for(self, text: str, *, seconds: float = 60, after: int = 0) -> int:
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
