"""A virtual board in a thread of its own, for programs that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .virtual_board import Event, VirtualBoard

__all__ = ["BoardThread"]

_POLL_S = 0.1
_PATIENCE_S = 30.0  # a busy machine


class BoardThread:
    """Runs a VirtualBoard, which takes the same arguments; a context manager that stops it.

    `lines` is what the board has said, `events` what there was to watch, oldest first.
    """

    def __init__(self, flash: Path, **options: Any) -> None:
        self._options = {"log": lambda line: None, **options}
        self._flash = flash
        self._ready = threading.Event()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self.lines: list[str] = []
        self.events: list[Event] = []

    def __enter__(self) -> BoardThread:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    @property
    def output(self) -> str:
        """All that the board has said."""
        return "\n".join(self.lines)

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the board for something, as over its control socket; raises ControlError."""

        async def ask() -> dict[str, Any]:
            return self.board.control(request)

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(_PATIENCE_S)

    def wait_for(self, condition: Callable[[], Any], *, seconds: float = _PATIENCE_S, what: str = "") -> Any:
        """Wait until something is true, looked at after each event and now and then.

        Raises TimeoutError with what the board has said.
        """
        deadline = time.monotonic() + seconds
        while True:
            seen = len(self.events)
            if result := condition():
                return result
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:g} s: {what}\n{self.output}")
            with self._changed:
                if len(self.events) == seen:
                    self._changed.wait(_POLL_S)

    def wait_for_line(self, text: str, *, seconds: float = _PATIENCE_S) -> str:
        """Wait until the board has said something; returns the whole line."""
        found = lambda: next((line for line in self.lines if text in line), "")  # noqa: E731
        return str(self.wait_for(found, seconds=seconds, what=repr(text)))

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        try:
            self.board = VirtualBoard(self._flash, **self._options)
            self.board.listeners.append(self._happened)
            await self.board.start()
        except BaseException as error:
            self._error = error
            return
        finally:
            self._ready.set()
        await self._stopped.wait()
        await self.board.stop()

    def _happened(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            if event["event"] == "log":
                self.lines.append(event["line"])
            self._changed.notify_all()
