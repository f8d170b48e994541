"""Virtual boards that were started from the page: each a `msgflo board run` of its own, which ends with us."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path

from msgflo import Broker

from .. import children
from ..components.output import Lines
from ..components.processes import environment
from ..errors import MsgfloError
from .board_maps import BoardMap

__all__ = ["MOST_RUNNING", "BoardRun", "BoardRuns"]

MOST_RUNNING = 4
"""Boards that run at once; each takes about 40 MB."""
_KEPT_LINES = 200
_START_S = 60.0  # making its files takes a Raspberry Pi some seconds
_END_S = 5.0
_LEAVING_S = 3.0  # until the broker has told that a board is gone
_CHUNK = 64 * 1024


class BoardRun:
    """One run of a board.

    `state` is starting, running, stopping or ended; `error` says why it ended when nobody had asked for it.
    """

    def __init__(self, name: str, board: str, said: Callable[[str, str], None]) -> None:
        self.name = name
        self.state = "starting"
        self.error: str | None = None
        self.port: int | None = None
        """Of the control socket, once it is running."""
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        """What the board has said last."""
        self.settled = asyncio.Event()
        """Set when it is no longer starting."""
        self._board = board
        self._said = said
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last = ""  # line of the program around the board
        self._asked_to_end = False
        self._ended_at = 0.0

    @property
    def is_leaving(self) -> bool:
        """Whether it has ended so lately that the system may not know yet."""
        return self.state == "ended" and time.monotonic() < self._ended_at + _LEAVING_S

    async def start(self, file: Path, broker: Broker) -> None:
        """Start it; raises MsgfloError where no process can be started."""
        command = [sys.executable, "-P", "-m", "msgflo_host", "board", "run", str(file.absolute())]
        try:
            self._process = await children.spawn(command, env=environment(broker), stdout=PIPE, stderr=STDOUT)
        except OSError as error:
            self._end(f"it cannot be started: {error.strerror}")
            raise MsgfloError(f"{self.name}: {self.error}") from None
        self._reading = asyncio.create_task(self._read(self._process))
        if self._asked_to_end:  # meanwhile
            await self.stop()

    async def stop(self) -> None:
        """End it, and wait until it is gone."""
        self._asked_to_end = True
        if self.state != "ended":
            self.state, self.port = "stopping", None  # its control socket goes before it
        if self._process is not None:
            await children.end(self._process, _END_S)
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        lines = Lines(self._take)
        while chunk := await process.stdout.read(_CHUNK):
            lines.feed(chunk)
        lines.end()
        code = await process.wait()
        await children.end(process, 0)
        self._end(None if self._asked_to_end else self._last or f"it has ended with exit code {code}")

    def _take(self, line: str) -> None:
        """Tell the board's own lines, which begin with its name and a bar, from those of the program."""
        text = line.removeprefix(f"{self._board} | ")
        if text != line:
            self.lines.append(text)
            self._said(self._board, text)
        elif not self._asked_to_end and (found := re.fullmatch(r".*: control socket 127\.0\.0\.1:([0-9]+)", line)):
            self.port = int(found[1])
            self.state = "running"
            self.settled.set()
        else:
            self._last = line.removeprefix("msgflo: ")

    def _end(self, error: str | None) -> None:
        self.state, self.error, self.port = "ended", error, None
        self._ended_at = time.monotonic()
        self.settled.set()


class BoardRuns:
    """Starts and stops boards by the names of their port maps.

    `said(board, line)` is called with each line that a board says; `is_alive(role)` tells whether somebody in the system
    has a role now.
    """

    def __init__(self, broker: Broker, *, said: Callable[[str, str], None], is_alive: Callable[[str], bool]) -> None:
        self._broker = broker
        self._said = said
        self._is_alive = is_alive
        self._runs: dict[str, BoardRun] = {}
        self._changing = asyncio.Lock()

    def find(self, name: str) -> BoardRun | None:
        """The last run of a board."""
        return self._runs.get(name)

    def state(self, board: BoardMap) -> str:
        """That of its run here, stopped without one; elsewhere where somebody else in the system is this board."""
        run = self._runs.get(board.name)
        if run is not None and run.state != "ended":
            return run.state
        is_there = board.port_map is not None and self._is_alive(board.port_map.board_role)
        return "elsewhere" if is_there and not (run is not None and run.is_leaving) else "stopped"

    async def start(self, wanted: BoardMap) -> None:
        """Start a board and wait until it runs; raises MsgfloError with the reason why it does not."""
        async with self._changing:
            run = await self._begin(wanted)
        try:
            async with asyncio.timeout(_START_S):
                await run.settled.wait()
        except TimeoutError:
            await run.stop()
            raise MsgfloError(f"{wanted.name}: it did not start within {_START_S:g} s") from None
        if run.state == "ended":
            raise MsgfloError(run.error or f"{wanted.name}: it was stopped while it started")

    async def _begin(self, wanted: BoardMap) -> BoardRun:
        from ..boards.virtual.program import find_micropython  # only where a board is started

        if wanted.port_map is None:
            raise MsgfloError("\n".join(wanted.problems))
        before = self._runs.get(wanted.name)
        if before is not None and before.state != "ended":
            raise MsgfloError(f"{wanted.name} runs already")
        running = sorted(name for name, run in self._runs.items() if run.state != "ended")
        if len(running) >= MOST_RUNNING:
            raise MsgfloError(f"at most {MOST_RUNNING} boards run at once; stop one of these: {', '.join(running)}")
        await asyncio.to_thread(find_micropython)
        await self._wait_until_gone(wanted.port_map.board_role)
        run = self._runs[wanted.name] = BoardRun(wanted.name, wanted.port_map.name, self._said)
        await run.start(wanted.file, self._broker)
        return run

    async def _wait_until_gone(self, role: str) -> None:
        """Two boards of one name would take each other's connection, a real one's included."""
        deadline = time.monotonic() + _LEAVING_S
        while self._is_alive(role):
            if time.monotonic() > deadline:
                raise MsgfloError(f"a board of this name is in the system already, as {role}: switch that off first")
            await asyncio.sleep(0.05)

    async def stop(self, name: str) -> None:
        """Stop a board, whether it runs or not."""
        if (run := self._runs.get(name)) is not None:
            await run.stop()

    async def close(self) -> None:
        """Stop all of them."""
        async with self._changing:
            await asyncio.gather(*(run.stop() for run in self._runs.values()))
