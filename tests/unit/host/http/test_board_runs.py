"""Runs of virtual boards: how many, of which name, and how they end; without a process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.boards.virtual import program
from msgflo_host.errors import MsgfloError
from msgflo_host.http.board_maps import BoardMap, BoardMaps
from msgflo_host.http.board_runs import MOST_RUNNING, BoardRuns
from msgflo_host.processes.runner import in_this_program
from stand_in_process import Processes
from virtual_board import port_map

NAMES = "bcde"


class House:
    """Boards of a folder; those in `alive` are roles that somebody has."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.alive: set[str] = set()
        self.said: list[tuple[str, str]] = []
        self.processes = Processes(monkeypatch)
        self.processes.first = ("desk.yaml: control socket 127.0.0.1:4711",)
        self.runs = BoardRuns(
            in_this_program({}),
            output=lambda board, line: self.said.append((board, line)),
            is_alive=self.alive.__contains__,
        )
        monkeypatch.setattr(program, "_ask", lambda found: (1, 99))
        monkeypatch.setattr(shutil, "which", lambda *_, **__: "micropython")

        async def here(call: Callable[[], Any]) -> Any:
            return call()

        monkeypatch.setattr(asyncio, "to_thread", here)
        self.add("desk", "a")

    def add(self, name: str, letter: str) -> None:
        (self.folder / f"{name}.yaml").write_text(port_map(letter))

    def map(self, name: str = "desk") -> BoardMap:
        return next(each for each in BoardMaps(self.folder).read() if each.name == name)

    def state(self) -> str:
        return self.runs.state(self.map())

    async def refused(self, name: str = "desk") -> str:
        """Why a board is not started."""
        with pytest.raises(MsgfloError) as refused:
            await self.runs.start(self.map(name))
        return str(refused.value)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


async def test_only_a_few_boards_run_at_once(house: House) -> None:
    for letter in NAMES:
        house.add(letter, letter)
    assert len(NAMES) == MOST_RUNNING
    await asyncio.gather(*(house.runs.start(house.map(name)) for name in NAMES))
    text = f"at most {MOST_RUNNING} boards run at once; stop one of these: b, c, d, e"
    assert await house.refused() == text
    await house.runs.stop("c")
    await house.runs.start(house.map())
    assert house.state() == "running"
    await house.runs.close()
    assert house.state() == "stopped"


async def test_a_board_runs_once_and_can_be_started_again(house: House) -> None:
    await house.runs.stop("desk")  # nothing to do
    await house.runs.start(house.map())
    assert await house.refused() == "desk runs already"
    await house.runs.stop("desk")
    assert house.state() == "stopped"
    ended = house.runs.find("desk")
    assert ended is not None
    assert (ended.port, ended.error) == (None, None)
    await house.runs.start(house.map())
    assert house.state() == "running"
    await house.runs.close()


async def test_the_lines_of_a_board_are_passed_on_and_a_crashed_board_is_started_again(house: House) -> None:
    await house.runs.start(house.map())
    house.processes[0].say("desk | Wi-Fi is there", "msgflo: desk: the memory is full")
    house.processes[0].end()
    run = house.runs.find("desk")
    assert run is not None
    while house.state() != "starting":
        await asyncio.sleep(0.1)
    assert (run.port, run.error) == (None, "desk: the memory is full")
    assert [*run.lines] == ["Wi-Fi is there"]
    assert house.said == [("desk", "Wi-Fi is there")]
    while house.state() != "running":
        await asyncio.sleep(0.1)
    assert (run.port, run.error) == (4711, None)
    await house.runs.stop("desk")
    assert house.state() == "stopped"
    assert len(house.processes) == 2


async def test_a_board_that_does_not_start_is_refused_with_the_reason(house: House) -> None:
    house.processes.first = ()
    starting = asyncio.create_task(house.refused())
    while not house.processes:
        await asyncio.sleep(0.1)
    house.processes[0].say("msgflo: desk.yaml: no memory")
    house.processes[0].end()
    assert await starting == "desk.yaml: no memory"
    assert await house.refused() == "desk: it did not start within 60 s"


async def test_a_board_whose_name_somebody_has_already_is_not_started(house: House) -> None:
    house.alive.add("desk-board")
    assert house.state() == "elsewhere"
    text = "a board of this name is in the system already, as desk-board: switch that off first"
    assert await house.refused() == text
    house.alive.clear()
    assert house.state() == "stopped"
    # One of ours that has just ended is still announced.
    await house.runs.start(house.map())
    house.alive.add("desk-board")
    await house.runs.stop("desk")
    assert house.state() == "stopped"
    await asyncio.sleep(5)
    assert house.state() == "elsewhere"


async def test_without_micropython_the_error_names_the_installation(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert await house.refused() == "a virtual board needs MicroPython 1.25 or newer: `make setup` installs it"


async def test_a_port_map_with_mistakes_is_refused_with_them(house: House) -> None:
    (house.folder / "desk.yaml").write_text("chip: [")
    assert (await house.refused()).startswith(f"{house.folder}/desk.yaml:1:")
