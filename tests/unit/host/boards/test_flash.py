"""A board is brought up to date over its serial port: a fake port runs what it is sent, on files in a folder."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from board_files import Screen, port_map
from msgflo_host.boards.build import Image, build
from msgflo_host.boards.flashing import download, flash, micropython, serial_board
from msgflo_host.boards.flashing.micropython import Target
from msgflo_host.boards.flashing.repl_scripts import WRITER
from msgflo_host.boards.port_map import PortMap
from msgflo_host.errors import FlashError

KEY = "0" * 64
PORT = "/dev/ttyACM0"
DEVICES = "button: {{kind: button, pin: 14}}\nlamp: {{kind: led, pin: {pin}}}"
Hook = Callable[[str], None]


class FakeBoard:
    """A Pico W as mpremote's transport shows it: scripts run in CPython, with the board's files and modules."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scripts: list[str] = []
        self.restarts = 0
        self.free_blocks = 200
        self.hook: Hook = lambda script: None
        self.serial = SimpleNamespace(write=lambda keys: None, read_until=lambda ending: ending, timeout=1.0)
        machine = SimpleNamespace(mem32={}, reset=self._reset, RTC=object)
        system = SimpleNamespace(
            platform="rp2",
            version="3.4.0; MicroPython v1.25.0 on 2025-04-15",
            implementation=SimpleNamespace(
                version=(1, 25, 0, ""), _mpy=0x1306, _build="RPI_PICO_W", _machine="Raspberry Pi Pico W with RP2040"
            ),
            modules={},
        )
        nothing = SimpleNamespace(collect=lambda: None)
        self._modules = {"sys": system, "machine": machine, "os": self._os(), "gc": nothing}
        self._names: dict[str, Any] = {
            "__builtins__": {**vars(builtins), "open": self._open, "__import__": self._import}
        }

    def exec_raw(self, script: str, timeout: float) -> tuple[bytes, bytes]:
        self.scripts.append(script)
        self.hook(script)
        with redirect_stdout(StringIO()) as output:
            exec(script, self._names)
        return output.getvalue().encode(), b""

    def exec_raw_no_follow(self, script: str) -> None:
        self.exec_raw(script, 0)

    def close(self) -> None:
        pass

    def files(self, folder: str = "") -> dict[str, bytes]:
        """What is on the board, below a folder."""
        found = (file for file in (self.root / folder).rglob("*") if file.is_file())
        return {f"/{file.relative_to(self.root)}": file.read_bytes() for file in found}

    def _reset(self) -> None:
        self.restarts += 1

    def _place(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def _open(self, path: str, mode: str = "r") -> Any:
        return self._place(path).open(mode)

    def _import(self, name: str, *more: Any) -> Any:
        return self._modules.get(name) or __import__(name, *more)

    def _os(self) -> SimpleNamespace:
        place = self._place
        return SimpleNamespace(
            ilistdir=lambda path: [(each.name, 0x4000 if each.is_dir() else 0x8000) for each in place(path).iterdir()],
            stat=lambda path: place(path).stat(),
            statvfs=lambda path: (4096, 4096, 212, self.free_blocks),
            mkdir=lambda path: place(path).mkdir(),
            remove=lambda path: place(path).unlink(),
            rename=lambda old, new: place(old).rename(place(new)),
            rmdir=lambda path: place(path).rmdir(),
        )


@pytest.fixture
def pico(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    """A board at PORT; after its restart all its participants come."""
    (tmp_path / "flash").mkdir()
    board = FakeBoard(tmp_path / "flash")

    async def restart(port_map: PortMap, board: serial_board.SerialBoard, *more: object) -> list[str]:
        board.restart()
        return ["button", "kitchen-board", "lamp"]

    monkeypatch.setattr(flash, "_restart", restart)

    async def present(*arguments: object) -> list[str]:
        return []

    monkeypatch.setattr(flash, "present", present)
    monkeypatch.setattr(flash, "find", lambda target, screen: target.port)
    for module in (flash, serial_board):
        monkeypatch.setattr(module, "check_access", lambda device: None)
    monkeypatch.setattr(serial_board, "_open", lambda device: board)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nothing is known of earlier runs
    monkeypatch.setattr(download, "fetch", no_network)
    return board


def no_network(chip: object, progress: object) -> Path:
    raise FlashError("no network")


def wanted(folder: Path, *, pin: int = 15, chip: str = "picow") -> tuple[PortMap, Image]:
    board = port_map(folder, DEVICES.format(pin=pin), chip=chip)
    return board, build(board, KEY)


def flash_it(board: tuple[PortMap, Image], *, new: bool = False, hook: Any = lambda done, whole: None) -> list[str]:
    """Flash it; returns what the screen shows."""
    screen = Screen(hook)
    there = flash.flash(*board, Target(board[0].chip, PORT, None, new), screen)
    assert there == ["button", "kitchen-board", "lamp"]
    return screen.logged


def copied(said: list[str]) -> str:
    """What was said of files."""
    return next(text for text in said if text == "nothing to copy" or text.startswith("copied "))


def test_all_files_are_on_the_board_and_it_is_restarted(pico: FakeBoard, tmp_path: Path) -> None:
    board = wanted(tmp_path)
    steps: list[tuple[int, int]] = []
    said = flash_it(board, hook=lambda *step: steps.append(step))
    assert pico.files() == board[1].placed("a")
    assert re.fullmatch(r"copied \d\d files, \d+\.\d KB", copied(said))
    assert said[0] == f"{PORT}: Raspberry Pi Pico W with RP2040, MicroPython v1.25.0 on 2025-04-15"
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    assert pico.restarts == 1


def test_a_board_that_runs_the_version_is_not_stopped(
    pico: FakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def present(*arguments: object) -> list[str]:
        return ["button", "kitchen-board", "lamp"]

    monkeypatch.setattr(flash, "present", present)
    board = wanted(tmp_path)
    flash_it(board)
    pico.scripts.clear()
    assert flash_it(board) == [f"{PORT}: it runs this version; nothing to do"]
    assert not pico.scripts
    flash_it(wanted(tmp_path, pin=16))
    assert pico.scripts, "another version is"


def test_only_what_differs_is_written_and_other_files_stay(pico: FakeBoard, tmp_path: Path) -> None:
    board = wanted(tmp_path)
    flash_it(board)
    root = pico.root
    (root / "a/msgflo/topics.mpy").unlink()  # lost
    (root / "a/devices/led.mpy").write_bytes(b"damage")
    (root / "a/devices/old.mpy").touch()  # of an earlier version
    (root / "a/old").mkdir()
    (root / "a/old/old.mpy").touch()
    (root / "a/board.json~").touch()  # of a copy that was interrupted
    (root / "mine.txt").touch()
    (root / "slot.json").write_text('{"slot": "a"}')
    (root / "main.py").write_text("print(1)")  # somebody's own program
    assert copied(flash_it(board)).startswith("copied 3 files"), "topics, led, main.py"
    assert pico.files() == {
        **board[1].placed("a"),
        "/mine.txt": b"",
        "/slot.json": b'{"slot": "a"}',
        "/main.before.py": b"print(1)",
    }
    assert not (root / "a/old").exists()
    assert copied(flash_it(board)) == "nothing to copy"
    assert copied(flash_it(wanted(tmp_path, pin=16))).startswith("copied 1 file,"), "the port map"


def test_board_unplugged_in_the_middle_is_repaired_by_the_next_run(pico: FakeBoard, tmp_path: Path) -> None:
    board = wanted(tmp_path)
    placed = board[1].placed("a")

    def unplug(script: str) -> None:
        if len(pico.files()) > len(placed) / 2:
            raise OSError(5, "Input/output error")

    pico.hook = unplug
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("msgflo_host.boards.flashing.repl_scripts._SCRIPT", 1)  # the files do not come all at once
        with pytest.raises(FlashError) as error:
            flash_it(board)
    assert str(error.value) == (
        f"{PORT}: the board went away in the middle (Input/output error); plug it in again and run this once more: it goes "
        "on where it was"
    )
    pico.hook = lambda script: None
    assert 0 < int(copied(flash_it(board)).split()[1]) < len(placed)
    assert pico.files() == placed


def test_a_file_that_does_not_arrive_as_it_was_sent_is_reported(pico: FakeBoard, tmp_path: Path) -> None:
    def damage(script: str) -> None:
        if script is WRITER:
            pico._modules["hashlib"] = SimpleNamespace(sha256=_OtherHash)

    pico.hook = damage
    with pytest.raises(FlashError, match=rf"^{PORT}: /a/.* did not arrive as it was sent; try again, or another cable"):
        flash_it(wanted(tmp_path))


class _OtherHash:
    def update(self, data: bytes) -> None:
        pass

    def digest(self) -> bytes:
        return b"something else"


def test_a_board_without_room_is_reported_before_anything_is_removed(pico: FakeBoard, tmp_path: Path) -> None:
    (pico.root / "a").mkdir()
    (pico.root / "a/old.mpy").touch()
    pico.free_blocks = 2
    with pytest.raises(FlashError, match=rf"^{PORT}: \d+ KB are needed, 8 KB are free: remove files of yours from the"):
        flash_it(wanted(tmp_path))
    assert (pico.root / "a/old.mpy").exists()


def test_another_chip_is_not_touched(pico: FakeBoard, tmp_path: Path) -> None:
    with pytest.raises(
        FlashError, match=r"is 'Raspberry Pi Pico W with RP2040', the port map is for ESP32: change its `chip`"
    ):
        flash_it(wanted(tmp_path, pin=13, chip="esp32"))
    assert not pico.files()
    assert pico.restarts == 1


def test_new_micropython_is_fetched_before_the_board_is_stopped(pico: FakeBoard, tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=r"^no network$"):
        flash_it(wanted(tmp_path), new=True)
    assert not pico.scripts


def test_a_board_that_could_not_be_flashed_runs_again(
    pico: FakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(micropython, "_OLDEST", (1, 28, 0))
    with pytest.raises(FlashError, match=r"^no network \(the board was restarted, and runs again\)$"):
        flash_it(wanted(tmp_path))
    assert pico.restarts == 1
