"""Runs the desired component processes: starts them, restarts them after a crash, ends them with this program."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Protocol

from . import children
from .output_lines import Lines
from .part_processes import Forked
from .process_command import Command, executable
from .restarts import Pauses, describe_exit

__all__ = ["SETTLED_S", "ProcessGroup", "Processes", "Runner", "in_this_program"]

log = logging.getLogger("msgflo")

FIRST_RESTART_S = 0.5
LONGEST_RESTART_S = 60.0
SETTLED_S = 30.0
"""Seconds after which a running process should have announced itself."""

END_GRACE_S = 3.0
LAST_WORDS_S = 1.0
LEFT_OVER_S = 0.2
REPORT_S = 1.0
CHUNK = 64 * 1024
FLOOD_BYTES_PER_S = 16 * 1024 * 1024
"""A process that prints faster has to wait."""


def _nothing(*_: object) -> None:
    pass


class ProcessGroup(Protocol):
    """Processes of one kind that this program or its supervisor runs."""

    found: Mapping[str, Sequence[str]]
    """Processes that ran before this program started, each with its last lines."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """The desired commands by name."""

    def is_running(self, name: str) -> bool:
        """Return True while the desired command runs."""

    def is_due(self, name: str) -> bool:
        """Return True while a desired one does not run yet: the last one is ending, or has crashed."""

    def set_desired(self, commands: Mapping[str, Command]) -> None:
        """Start what is new, end what is no longer here, restart what has another command."""

    async def stop(self) -> None:
        """End all of them and wait until they are gone."""


class Runner(Protocol):
    """Makes the `ProcessGroup` of a kind; the callbacks are those of `Processes`."""

    def __call__(
        self,
        kind: str,
        *,
        ended: Callable[[str], None] = _nothing,
        output: Callable[[str, str], None] = _nothing,
        crashed: Callable[[str, str, float], None] = _nothing,
        settled: Callable[[str], None] = _nothing,
    ) -> ProcessGroup:
        """Return the group of a kind."""


class Processes(ProcessGroup):
    """Runs one process per name, as `set_desired` was last called.

    Callbacks: `started(name)` at each start; `ended(name)` when a process that was to end is gone, before the next of
    that name starts; `output(name, line)` with each line that `output_lines.Lines` lets through; `crashed(name, how, delay)`
    when one has ended by itself and starts again in `delay` seconds; `settled(name)` when one has run for 30 s.
    Each process reads `stdin` as soon as that is known. The first one of a name may be there already, as `early`.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        stdin: asyncio.Future[bytes] | None = None,
        early: Mapping[str, Forked] = MappingProxyType({}),
        shortest_pause_s: float | None = None,
        started: Callable[[str], None] = _nothing,
        ended: Callable[[str], None] = _nothing,
        output: Callable[[str, str], None] = _nothing,
        crashed: Callable[[str, str, float], None] = _nothing,
        settled: Callable[[str], None] = _nothing,
    ) -> None:
        self.found: Mapping[str, Sequence[str]] = {}
        self._environment = environment
        self._stdin = stdin
        self._early = dict(early)
        self._shortest_pause_s = shortest_pause_s
        self._started = started
        self._ended = ended
        self._output = output
        self._crashed = crashed
        self._settled = settled
        self._keepers: dict[str, tuple[Command, asyncio.Task[None]]] = {}
        self._ending: dict[asyncio.Task[None], str] = {}
        self._running: set[str] = set()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {name: command for name, (command, _) in self._keepers.items()}

    def is_running(self, name: str) -> bool:
        return name in self._running

    def is_due(self, name: str) -> bool:
        return name in self._keepers and name not in self._running

    def set_desired(self, commands: Mapping[str, Command]) -> None:
        for name, (command, keeper) in list(self._keepers.items()):
            if commands.get(name) != command:
                del self._keepers[name]
                self._running.discard(name)
                self._ending[keeper] = name
                keeper.add_done_callback(self._gone)
                keeper.cancel()
        for name, command in commands.items():
            if name not in self._keepers:
                before = [keeper for keeper, other in self._ending.items() if other == name]
                keeper = asyncio.create_task(self._keep(name, command, after=before))
                self._keepers[name] = (command, keeper)

    async def stop(self) -> None:
        self.set_desired({})
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _gone(self, keeper: asyncio.Task[None]) -> None:
        self._ended(self._ending.pop(keeper))

    async def _keep(self, name: str, command: Command, *, after: list[asyncio.Task[None]]) -> None:
        if after:  # two processes of one name would take each other's MQTT client id
            await asyncio.wait(after)
        pauses = Pauses(self._shortest_pause_s or FIRST_RESTART_S, LONGEST_RESTART_S)
        while True:
            pauses.started()
            lines = Lines(partial(self._output, name))
            try:
                how = f"ended ({describe_exit(await self._run_once(name, command, lines))})"
            except (OSError, ValueError) as error:  # ValueError: no argument may hold NUL or half of a surrogate pair
                how = f"{command.words[0]} cannot be started ({getattr(error, 'strerror', None) or error})"
            pause = pauses.next()
            log.error("%s: %s; trying again in %g s", name, how, pause)
            self._crashed(name, f"{how}: {lines.last}" if lines.last else how, pause)
            await asyncio.sleep(pause)

    async def _run_once(self, name: str, command: Command, lines: Lines) -> int:
        process: Process | children.Adopted
        if (early := self._early.pop(name, None)) is not None:
            process = await children.adopt(early)
        else:
            process = await children.spawn(
                executable(command.words),
                cwd=command.folder,
                env=self._environment,
                stdin=DEVNULL if self._stdin is None else PIPE,
                stdout=PIPE,
                stderr=STDOUT,
            )
        if self._stdin is not None:
            self._stdin.add_done_callback(partial(_give_input, process))
        self._running.add(name)
        self._started(name)
        relaying = asyncio.create_task(_relay_output(process, lines))
        settling = asyncio.get_running_loop().call_later(SETTLED_S, self._settled, name)
        try:
            code = await process.wait()
            await asyncio.wait([relaying], timeout=LAST_WORDS_S)  # its own children may hold its output open
            return code
        finally:
            self._running.discard(name)
            settling.cancel()
            relaying.cancel()
            await children.end(process, END_GRACE_S)
            await asyncio.wait([relaying])
            await _close_output(process)


def in_this_program(environment: Mapping[str, str]) -> Runner:
    """Return a `Runner` whose processes are children of this program, not of its supervisor."""
    return lambda kind, **callbacks: Processes(environment, **callbacks)


def _give_input(process: Process | children.Adopted, known: asyncio.Future[bytes]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended
        process.stdin.write(known.result())
    process.stdin.close()


async def _relay_output(process: Process | children.Adopted, lines: Lines) -> None:
    """Relay the output of a process until its end."""
    assert process.stdout is not None
    chunk = None
    while chunk != b"":
        try:
            async with asyncio.timeout(REPORT_S if lines.overdue else None):
                chunk = await process.stdout.read(CHUNK)
        except TimeoutError:
            lines.report()
            continue
        lines.feed(chunk)
        if lines.overflowing:
            await asyncio.sleep(len(chunk) / FLOOD_BYTES_PER_S)
    lines.end()


async def _close_output(process: Process | children.Adopted) -> None:
    """Read the rest, whose end closes our side; a process that has left the group may hold it open."""
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(LEFT_OVER_S):
            while await process.stdout.read(CHUNK):
                pass
