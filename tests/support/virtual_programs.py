"""Small programs on a virtual board of their own, with MicroPython as it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interpreters import MICROPYTHONS, Interpreter, parameters
from msgflo_host.boards.virtual.thread import BoardThread

__all__ = ["Start", "micropython", "said", "start"]

Start = Callable[..., BoardThread]

NOTICE = re.compile(r"\[(running|asleep|off|watchdog)\b")
PRELUDE = """import sys, asyncio, time, machine, network
from machine import ADC, I2C, I2S, PWM, Pin, RTC, WDT, PWRON_RESET, WDT_RESET, deepsleep, reset_cause, soft_reset
async def forever():
    while True:
        await asyncio.sleep(1)
"""


@pytest.fixture(params=parameters(MICROPYTHONS))
def micropython(request: pytest.FixtureRequest) -> Interpreter:
    interpreter: Interpreter = request.param
    if interpreter.missing:
        pytest.skip(interpreter.missing)
    return interpreter


@pytest.fixture
def start(tmp_path: Path, micropython: Interpreter) -> Iterator[Start]:
    """Starts a board whose main.py is the given program."""
    running: list[BoardThread] = []

    def start(program: str, *devices: dict[str, Any], chip: str = "esp32") -> BoardThread:
        (tmp_path / "a").mkdir()
        config = {"format": 1, "name": "test", "chip": chip, "devices": list(devices)}
        (tmp_path / "a/board.json").write_text(json.dumps(config))
        (tmp_path / "main.py").write_text(PRELUDE + program)
        board = BoardThread(tmp_path, port=None, micropython=micropython.command[0])
        running.append(board.__enter__())
        return board

    yield start
    for board in running:
        board.__exit__()


def said(board: BoardThread, count: int = 1) -> list[str]:
    """The first lines that the program has printed, without what the board itself says."""
    lines = lambda: [line for line in board.lines if not NOTICE.match(line)]  # noqa: E731
    board.wait_for(lambda: len(lines()) >= count, what=f"{count} lines")
    return lines()
