"""Virtual boards that were started from the page: each a `msgflo board run` of its own, running until it is stopped."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable

from ..errors import MsgfloError
from ..processes.process_command import Command
from ..processes.runner import Runner
from .board_maps import BoardMap

__all__ = ["MOST_RUNNING", "BoardRun", "BoardRuns"]

MOST_RUNNING = 4
"""Boards that run at once; each takes about 40 MB."""
_MOST_LINES = 200
_START_S = 60.0  # making its files takes a Raspberry Pi some seconds
_LEAVING_S = 3.0  # until the broker has reported that a board is gone


class BoardRun:
    """One run of a board.

    `state` is starting, running, stopping or ended; `error` says why it ended when nobody had asked for it, or why it is
    started again.
    """

    def __init__(self, name: str, output: Callable[[str, str], None]) -> None:
        self.name = name
        self.state = "starting"
        self.error: str | None = None
        self.port: int | None = None
        """Of the control socket, once it is running."""
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)
        """The last lines that the board has printed."""
        self.settled = asyncio.Event()
        """Set when it is no longer starting for the first time."""
        self.is_gone = asyncio.Event()
        self._output = output
        self._last = ""  # line of the program around the board
        self._ended_at = 0.0

    @property
    def is_leaving(self) -> bool:
        """True for a while after the end: the system may not have noticed yet."""
        return self.state == "ended" and time.monotonic() < self._ended_at + _LEAVING_S

    def printed(self, line: str) -> None:
        """Take a line: the board's own begin with its name and a bar, the others are of the program around it."""
        if found := re.fullmatch(r"(\S+) \| (.*)", line):
            self.lines.append(found[2])
            self._output(found[1], found[2])
        elif self.state == "starting" and (found := re.fullmatch(r".*: control socket 127\.0\.0\.1:([0-9]+)", line)):
            self.port = int(found[1])
            self.state, self.error = "running", None
            self.settled.set()
        else:
            self._last = line.removeprefix("msgflo: ")

    def crashed(self, how: str) -> None:
        """Note that it has ended by itself; it is started again, unless it had never run."""
        self.port = None  # its control socket goes before it
        self.error, self._last = self._last or how, ""
        if self.state == "running":
            self.state = "starting"

    def stops(self) -> None:
        """Note that it is being ended."""
        if self.state != "ended":
            self.state, self.port = "stopping", None

    def ended(self) -> None:
        """Note that it has ended for good."""
        self.state, self.port = "ended", None
        self._ended_at = time.monotonic()
        self.settled.set()
        self.is_gone.set()


class BoardRuns:
    """Starts and stops boards by the names of their port maps.

    `runner` keeps them running, and knows those that ran before this coordinator was started. `output(board, line)` is called
    with each line that a board prints; `is_alive(role)` is True while a participant has this role.
    """

    def __init__(self, runner: Runner, *, output: Callable[[str, str], None], is_alive: Callable[[str], bool]) -> None:
        self._output = output
        self._is_alive = is_alive
        self._runs: dict[str, BoardRun] = {}
        self._changing = asyncio.Lock()
        self._processes = runner("boards", output=self._printed, crashed=self._crashed, ended=self._ended)
        for name in self._processes.commands:
            run = self._runs[name] = BoardRun(name, output)
            for line in self._processes.found.get(name, ()):
                run.printed(line)

    def find(self, name: str) -> BoardRun | None:
        """Return the last run of a board."""
        return self._runs.get(name)

    def state(self, board: BoardMap) -> str:
        """Return the state of its run here, or stopped; elsewhere where another program or machine is this board."""
        run = self._runs.get(board.name)
        if run is not None and run.state != "ended":
            return run.state
        is_there = board.port_map is not None and self._is_alive(board.port_map.board_role)
        return "elsewhere" if is_there and not (run is not None and run.is_leaving) else "stopped"

    async def start(self, board: BoardMap) -> None:
        """Start a board and wait until it runs; raises MsgfloError with the reason why it does not."""
        async with self._changing:
            run = await self._begin(board)
        try:
            async with asyncio.timeout(_START_S):
                await run.settled.wait()
        except TimeoutError:
            await self.stop(board.name)
            raise MsgfloError(f"{board.name}: it did not start within {_START_S:g} s") from None
        if run.state == "ended":
            raise MsgfloError(run.error or f"{board.name}: it was stopped while it started")

    async def _begin(self, board: BoardMap) -> BoardRun:
        from ..boards.virtual.program import find_micropython  # only where a board is started

        if board.port_map is None:
            raise MsgfloError("\n".join(board.problems))
        before = self._runs.get(board.name)
        if before is not None and before.state != "ended":
            raise MsgfloError(f"{board.name} runs already")
        running = sorted(name for name, run in self._runs.items() if run.state != "ended")
        if len(running) >= MOST_RUNNING:
            raise MsgfloError(f"at most {MOST_RUNNING} boards run at once; stop one of these: {', '.join(running)}")
        await asyncio.to_thread(find_micropython)
        await self._wait_until_gone(board.port_map.board_role)
        run = self._runs[board.name] = BoardRun(board.name, self._output)
        file = board.file.absolute()
        command = Command(("msgflo", "board", "run", str(file)), file.parent)
        self._processes.set_desired({**self._processes.commands, board.name: command})
        return run

    async def _wait_until_gone(self, role: str) -> None:
        """Wait: two boards of one name would take each other's connection, a real one's included."""
        deadline = time.monotonic() + _LEAVING_S
        while self._is_alive(role):
            if time.monotonic() > deadline:
                raise MsgfloError(f"a board of this name is in the system already, as {role}: switch that off first")
            await asyncio.sleep(0.05)

    async def stop(self, name: str) -> None:
        """Stop a board, whether it runs or not."""
        if (run := self._runs.get(name)) is not None:
            if run.state != "ended":
                run.error = None  # of an earlier crash
            self._end(run)
            await run.is_gone.wait()

    async def close(self) -> None:
        """Stop all of them."""
        async with self._changing:
            await self._processes.stop()

    def _end(self, run: BoardRun) -> None:
        run.stops()
        self._processes.set_desired({name: each for name, each in self._processes.commands.items() if name != run.name})

    # A name without a run is of the coordinator before this one.

    def _printed(self, name: str, line: str) -> None:
        if name in self._runs:
            self._runs[name].printed(line)

    def _crashed(self, name: str, how: str, delay: float) -> None:
        if (run := self._runs.get(name)) is not None:
            run.crashed(how)
            if not run.settled.is_set():
                self._end(run)

    def _ended(self, name: str) -> None:
        if name in self._runs:
            self._runs[name].ended()
