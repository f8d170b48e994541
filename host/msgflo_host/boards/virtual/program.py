"""The program of a virtual board: a MicroPython that is started again after each reset, as a chip does."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ...errors import MsgfloError
from ...processes import children
from ..bytecode import compile_modules
from .hardware import Ended, Hardware, Reset
from .hardware_link import Link
from .machine_api import Machine
from .virtual_network import Network

__all__ = ["Program", "board_heap", "check_heap", "find_micropython"]

_SHIM = Path(__file__).parent / "shim"
_RESTART_S = 1.0  # after the program has ended by itself
_END_S = 2.0
_OLDEST = (1, 25)
_HEAP, _HEAP_64 = "100K", "200K"
_LEAST_HEAP, _LEAST_HEAP_64 = 60, 120  # KB; with less, the firmware cannot even be loaded
_LONGEST_LINE = 1 << 16


class Program:
    """Runs `main.py` of a folder, the board's flash, again and again until `stop`.

    `on_line(line)` gets each line that it prints; `on_state(state, cause)` each change of state: running, asleep or off, and
    why it was started. `heap` is the memory it has, such as "100K", None for that of a board; `micropython` the interpreter, if
    not any that is found; `detour` is a relay's.
    """

    def __init__(
        self,
        hardware: Hardware,
        flash: Path,
        *,
        heap: str | None,
        micropython: str | None,
        detour: str,
        on_line: Callable[[str], None],
        on_state: Callable[[str, str], None],
    ) -> None:
        self._hardware = hardware
        self._flash = flash
        self._heap = heap
        self._micropython = os.path.abspath(micropython) if micropython else ""  # it runs in another folder
        self._detour = detour
        self._on_line = on_line
        self._on_state = on_state
        self._resets: asyncio.Queue[Ended | None] = asyncio.Queue()  # None: without power
        self._powered = asyncio.Event()
        self._powered.set()
        self._shim = tempfile.TemporaryDirectory(prefix="msgflo-virtual-")
        self._runner: asyncio.Task[None] | None = None
        hardware.ended = self._resets.put_nowait
        self.state = "off"
        self.gone = asyncio.Event()
        """Set when it cannot be run any more."""

    def start(self) -> None:
        """Run from now on; raises MsgfloError where there is no MicroPython."""
        self._micropython = self._micropython or find_micropython()
        self._heap = self._heap or board_heap(self._micropython)
        for name, code in _shim().items():
            (Path(self._shim.name) / name).with_suffix(".mpy").write_bytes(code)
        self._runner = asyncio.create_task(self._run_forever())
        self._runner.add_done_callback(self._given_up)

    async def stop(self) -> None:
        """End it for good."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._runner = None
        self._shim.cleanup()

    def reset(self) -> None:
        """Press the reset button; that wakes it, too."""
        self._resets.put_nowait(Ended("hard"))

    def wake(self) -> bool:
        """Let the time of a deep sleep be over; returns whether it is asleep."""
        asleep = self.state == "asleep"
        if asleep:
            self._resets.put_nowait(Ended("sleep"))
        return asleep

    def power(self, on: bool) -> None:
        """Switch the power on or off."""
        if on:
            self._powered.set()
        elif self._powered.is_set():
            self._powered.clear()
            self._resets.put_nowait(None)

    async def _run_forever(self) -> None:
        cause: Reset = "power"
        while True:
            self._hardware.start(cause)
            self._become("running", cause)
            ended = await self._run_once()
            if ended is not None and ended.cause == "sleep":
                ended = await self._sleep(ended)
            while ended is None or not self._powered.is_set():
                self._hardware.start("power")
                self._become("off", "")
                await self._powered.wait()
                ended = Ended("power")
            cause = ended.cause
            while not self._resets.empty():  # more than one reset at a time is one
                self._resets.get_nowait()

    async def _sleep(self, ended: Ended) -> Ended | None:
        """Return when the time is over, or how the sleep ended else."""
        self._hardware.start("sleep")
        self._become("asleep", "")
        try:
            async with asyncio.timeout(None if ended.sleep is None else ended.sleep / 1000):
                return await self._resets.get()
        except TimeoutError:
            return ended

    async def _run_once(self) -> Ended | None:
        machine = Machine(self._hardware)
        link = Link((machine, Network(self._hardware)))
        self._hardware.interrupt = link.edge
        self._hardware.edge = lambda wire: link.edge(machine.Pin.known(wire))
        try:
            process = await self._spawn(link)
        except BaseException:
            link.close()
            raise
        link.start()
        reading = asyncio.create_task(self._relay(process))
        ends = asyncio.create_task(self._resets.get())
        waiting = asyncio.create_task(process.wait())
        try:
            await asyncio.wait([ends, waiting], return_when=asyncio.FIRST_COMPLETED)
            if ends.done():
                return ends.result()
            await asyncio.wait([reading], timeout=_END_S)
            self._on_line(f"the program has ended, exit code {waiting.result()}; starting again in {_RESTART_S:g} s")
            await asyncio.wait([ends], timeout=_RESTART_S)
            return ends.result() if ends.done() else Ended("soft")
        finally:
            machine.watchdog.stop()
            await children.end(process, _END_S)
            await asyncio.wait([reading], timeout=_END_S)
            for task in (reading, ends, waiting):
                task.cancel()
            link.close()

    async def _spawn(self, link: Link) -> Process:
        own = {key: value for key, value in os.environ.items() if not key.startswith(("MSGFLO_", "MICROPY"))}
        return await children.spawn(
            [self._micropython, "-X", f"heapsize={self._heap}", "main.py"],
            cwd=self._flash,
            env=own
            | {
                "MSGFLO_VIRTUAL": json.dumps(link.descriptors),
                "MSGFLO_RELAY": self._detour,
                "MICROPYPATH": f"{self._shim.name}:.frozen",
            },
            stdout=PIPE,
            stderr=STDOUT,
            pass_fds=link.descriptors,
        )

    async def _relay(self, process: Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the stream's limit: asyncio has thrown it away
                line = b"(a long line was left out)\n"
            if not line:
                return
            self._on_line(line.decode(errors="replace").rstrip()[:_LONGEST_LINE])

    def _given_up(self, runner: asyncio.Task[None]) -> None:
        if not runner.cancelled() and (error := runner.exception()) is not None:
            self._on_line(f"{self._micropython} cannot be run any more: {error}")
            self._become("off", "")
            self.gone.set()

    def _become(self, state: str, cause: str) -> None:
        self.state = state
        self._on_state(state, cause)


@cache
def _shim() -> dict[str, bytes]:
    """The modules that stand for the hardware, compiled: so they take less of the board's memory."""
    return compile_modules({file.name: file for file in _SHIM.glob("*.py")}, "", whole=False)


def find_micropython() -> str:
    """Return the path of a MicroPython that is new enough; raises MsgfloError where there is none."""
    own = Path(sys.executable).parent
    for found in (shutil.which("micropython"), shutil.which("micropython", path=str(own))):
        if found is not None and _ask(found)[:2] >= _OLDEST:
            return found
    raise MsgfloError("a virtual board needs MicroPython 1.25 or newer: `make setup` installs it")


def board_heap(micropython: str) -> str:
    """Return how much memory an interpreter needs to hold what a board has room for.

    The objects of a board have 32 bits. Those of most programs for Linux have 64, and take twice as much.
    """
    return _HEAP if _ask(micropython)[2:] == (32,) else _HEAP_64


def check_heap(heap: str) -> None:
    """Raise MsgfloError where the firmware cannot even be loaded into so much memory, such as "20K"."""
    usual = board_heap(find_micropython())
    least = _LEAST_HEAP if usual == _HEAP else _LEAST_HEAP_64
    unit = {"K": 1 << 10, "M": 1 << 20}.get(heap[-1].upper(), 1)
    if int(heap.rstrip("KkMm")) * unit < least << 10:
        raise MsgfloError(f"--heap {heap}: the firmware needs {least}K at least; a board has what {usual} are here")


@cache
def _ask(program: str) -> tuple[int, ...]:
    """The version of a MicroPython, and how many bits its objects have; empty if it does not run."""
    code = "import sys; print(*sys.implementation.version[:2], 64 if sys.maxsize >> 32 else 32)"
    try:
        output = subprocess.run([program, "-c", code], capture_output=True, text=True, timeout=10, check=True).stdout
        return tuple(int(part) for part in output.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()
