"""What stands for processes, for what starts, watches and ends them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from msgflo_host.processes import children


class Process:
    """One that was started: `say` has it print, `end` ends it with exit code 3."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.stdout = asyncio.StreamReader()
        self._is_over = asyncio.Event()

    def say(self, *lines: str) -> None:
        self.stdout.feed_data("".join(f"{line}\n" for line in lines).encode())

    def end(self) -> None:
        self.stdout.feed_eof()
        self._is_over.set()

    async def wait(self) -> int:
        await self._is_over.wait()
        return 3


class Processes(list[Process]):
    """All that were started, in this order; each prints `first` at once."""

    first: tuple[str, ...] = ()

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(children, "spawn", self._spawn)
        monkeypatch.setattr(children, "end", self._end)

    async def _spawn(self, command: list[str], **options: Any) -> Process:
        process = Process(command)
        self.append(process)
        process.say(*self.first)
        return process

    async def _end(self, process: Process, grace: float) -> int:
        process.end()
        return 0
