"""What is sent to a board and what it answers: the parts that need no board."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from pathlib import Path

import pytest

from board_files import port_map
from msgflo_host.boards.build import build
from msgflo_host.boards.flashing.flash import changes
from msgflo_host.boards.flashing.repl_scripts import State, pieces, scripts, state
from msgflo_host.boards.flashing.serial_board import digest

ABOUT = {"platform": "esp32", "text": "3.4.0; MicroPython v1.29.0 on 2026-08-29", "version": [1, 29, 0], "mpy": 6}
ABOUT |= {
    "build": "ESP32_GENERIC",
    "machine": "Generic ESP32 module with ESP32",
    "slot": "b",
    "free": 1_000_000,
    "main": "",
}


def answer(files: dict[str, str]) -> str:
    lines = [f"i {json.dumps(ABOUT)}", *(f"f {found} {path}" for path, found in files.items())]
    return "".join(line + "\r\n" for line in lines)


def test_answer_of_a_board_is_read() -> None:
    found = state("board: stopped\r\n" + answer({"/b/board.json": "0123456789abcdef", "/b/with space.mpy": "00ff"}))
    assert found.text == "v1.29.0 on 2026-08-29"
    assert (found.version, found.mpy, found.slot) == ((1, 29, 0), 6, "b")
    assert found.files == {"/b/board.json": "0123456789abcdef", "/b/with space.mpy": "00ff"}


@pytest.mark.parametrize("size", [0, 1, 767, 768, 769, 20_000])
def test_file_is_sent_whole_in_pieces_that_fit(size: int) -> None:
    content = random.Random(size).randbytes(size)
    calls = pieces("/a/x.mpy", content)
    assert calls[0] == "_o('/a/x.mpy')"
    assert calls[-1] == "_c('/a/x.mpy')"
    assert b"".join(b64decode(call[4:-2]) for call in calls[1:-1]) == content
    joined = scripts(calls)
    assert "\n".join(joined).split("\n") == calls, "nothing is lost, the order stays"
    assert max(map(len, joined)) < 6000


def board(slot: str, files: dict[str, str], main: str = "") -> State:
    return State(**{**ABOUT, "slot": slot, "main": main}, files=files)


def test_what_is_missing_or_differs_is_written_and_what_is_left_over_removed(tmp_path: Path) -> None:
    image = build(port_map(tmp_path), "0" * 64)
    there = {path: digest(content) for path, content in image.placed("b").items()}
    assert not changes(image, board("b", there, '"""Starts a board')).write

    lost = dict(list(there.items())[1:])
    left_over = {"/b/devices/old.mpy": "00", "/b/board.json~": "00", "/main.py~": "00", "/starts": "00"}
    theirs = {"/b/notes.txt": "00"}
    needed = changes(image, board("b", {**lost, **left_over, **theirs}, "print(1)"))
    assert list(needed.write) == list(there)[:1]
    assert needed.remove == sorted(left_over)
    assert needed.keep_main, "a main.py of somebody else's"


def test_starts_that_did_not_fail_stay(tmp_path: Path) -> None:
    image = build(port_map(tmp_path), "0" * 64)
    assert changes(image, board("a", {"/starts": digest(b"0")})).remove == []


def test_what_starts_the_others_is_written_last(tmp_path: Path) -> None:
    image = build(port_map(tmp_path), "0" * 64)
    assert list(changes(image, board("a", {})).write)[-2:] == ["/a/board.json", "/main.py"]
