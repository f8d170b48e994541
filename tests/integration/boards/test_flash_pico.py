"""A Pico W is flashed: real MicroPython on an emulated chip, real mpremote, a real Mosquitto."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from board_files import Screen, port_map
from brokers import Broker
from emulation import build as emulated
from emulation.pico import Pico, missing
from msgflo_host.boards.build import build
from msgflo_host.boards.flashing import download, micropython, serial_board
from msgflo_host.boards.flashing.flash import flash
from msgflo_host.boards.flashing.micropython import Target
from msgflo_host.boards.model import PortMap
from msgflo_host.errors import FlashError

pytestmark = pytest.mark.timeout(300)  # the emulated chip is several times slower than a real one

KEY = "0" * 64
MACHINE = "10.0.0.1"  # this one, as the board sees it
DEVICES = "button: {{kind: button, pin: 14}}\nlamp: {{kind: led, pin: {pin}}}"


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Broker]:
    with Broker() as running:
        yield running


@pytest.fixture(scope="module")
def pico() -> Iterator[Pico]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with Pico(speed=0) as running:
        yield running


@pytest.fixture(autouse=True)
def no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of earlier runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def wanted(folder: Path, mosquitto: Broker, *, pin: int = 15, port: int | None = None) -> PortMap:
    broker = f"mqtt://{MACHINE}:{port or mosquitto.port}"
    return port_map(folder, DEVICES.format(pin=pin), chip="picow", broker=broker)


def copied(screen: Screen) -> str:
    """What was said of files."""
    return next(text for text in screen.said if text == "nothing to copy" or text.startswith("copied "))


def flash_it(
    pico: Pico,
    mosquitto: Broker,
    board: PortMap,
    screen: Screen,
    patience: float = 120,
    *,
    given: bool = True,
    new: bool = False,
) -> list[str]:
    from msgflo import Broker as Address

    target = Target(board.chip, pico.port, emulated.firmware() if given else None, new)
    return flash(board, build(board, KEY), target, screen, broker=Address.parse(mosquitto.url), patience=patience)


def test_flash_brings_a_board_up_and_the_second_run_has_nothing_to_do(
    pico: Pico, mosquitto: Broker, tmp_path: Path
) -> None:
    wanted(tmp_path, mosquitto)
    command = [
        sys.executable,
        "-m",
        "msgflo_host",
        "board",
        "flash",
        str(tmp_path / "kitchen.yaml"),
        "--port",
        pico.port,
    ]
    command += ["--firmware", str(emulated.firmware()), "--broker", mosquitto.url]

    def run() -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, env={**os.environ, "NO_COLOR": "1"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    first = run()
    assert re.search(r"copied \d\d files, \d\d\.\d KB", first)
    assert re.search(r"kitchen is there, after \d+ s: button, kitchen-board, lamp", first)
    assert pico.run("import os; print(os.listdir('/'))").count("main.py") == 1
    pico.hard_reset()
    pico.wait_for("here is lamp", after=len(pico.output), seconds=120)

    second = run()
    assert "nothing to do" in second
    assert "copied" not in second
    assert "kitchen is there" in second


def test_only_what_differs_is_written_and_other_files_stay(pico: Pico, mosquitto: Broker, tmp_path: Path) -> None:
    board = wanted(tmp_path, mosquitto)
    flash_it(pico, mosquitto, board, Screen())
    pico.run(
        "import os\n"
        "def put(path, text, mode='w'):\n"
        "    with open(path, mode) as file: file.write(text)\n"
        "os.remove('/a/msgflo/topics.mpy')\n"  # lost
        "put('/a/devices/led.mpy', 'damage', 'a')\n"
        "put('/a/devices/old.mpy', '')\n"  # of an earlier version
        "put('/a/board.json~', '')\n"  # of a copy that was interrupted
        "put('/mine.txt', '')\n"
        "put('/slot.json', '{\"slot\": \"a\"}')\n"
        "put('/main.py', 'print(1)')\n"
    )
    screen = Screen()
    there = flash_it(pico, mosquitto, board, screen)
    assert there == ["button", "kitchen-board", "lamp"]
    assert copied(screen).startswith("copied 3 files"), "topics, led, main.py"
    listed = pico.run("import os; print(os.listdir('/'), os.listdir('/a'), os.listdir('/a/devices'))")
    assert "'mine.txt'" in listed
    assert "'slot.json'" in listed
    assert "'main.before.py'" in listed, "somebody's own program"
    assert "old.mpy" not in listed
    assert "board.json~" not in listed
    assert pico.run("print(open('/main.before.py').read())") == "print(1)\n"

    changed = Screen()
    board = wanted(tmp_path, mosquitto, pin=16)
    flash_it(pico, mosquitto, board, changed)
    assert copied(changed).startswith("copied 1 file,"), "the port map"


def test_board_unplugged_in_the_middle_is_repaired_by_the_next_run(
    pico: Pico, mosquitto: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_board, "_SILENCE_S", 6.0)
    pico.run("import os\nfor file in os.listdir('/a/msgflo'): os.remove('/a/msgflo/' + file)")

    def unplug(done: int, whole: int) -> None:
        if done > whole // 2:
            pico.power_off()

    board = wanted(tmp_path, mosquitto)
    with pytest.raises(FlashError) as error:
        flash_it(pico, mosquitto, board, Screen(unplug))
    assert re.fullmatch(
        re.escape(pico.port)
        + r": the board went away in the middle \(.+\); plug it in again and run this once more: it goes "
        "on where it was",
        str(error.value),
    )
    pico.power_on()
    screen = Screen()
    assert flash_it(pico, mosquitto, board, screen) == ["button", "kitchen-board", "lamp"]
    found = re.match(r"copied (\d+) files", copied(screen))
    assert found
    assert 0 < int(found[1]) < 15, "about half of msgflo/ was there already"


def test_broker_that_does_not_answer_is_explained(pico: Pico, mosquitto: Broker, tmp_path: Path) -> None:
    board = wanted(tmp_path, mosquitto, port=1)
    with pytest.raises(FlashError) as error:
        flash_it(pico, mosquitto, board, Screen(), patience=120)
    assert re.fullmatch(
        rf"the board says 'mqtt://{MACHINE}:1: connection (refused|reset); trying again'; does a broker listen there for other "
        r"machines\? The own Mosquitto does with `msgflo run --mqtt-host 0\.0\.0\.0`",
        str(error.value),
    )


def test_another_chip_is_not_touched(pico: Pico, mosquitto: Broker, tmp_path: Path) -> None:
    board = port_map(tmp_path, broker=mosquitto.url)
    with pytest.raises(
        FlashError, match=r"is 'Raspberry Pi Pico W with RP2040', the port map is for ESP32: change its `chip`"
    ):
        flash(board, build(board, KEY), Target(board.chip, pico.port), Screen())


def test_a_board_whose_micropython_will_do_keeps_it(
    pico: Pico, mosquitto: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "fetch", no_network)
    board = wanted(tmp_path, mosquitto)
    screen = Screen()
    assert flash_it(pico, mosquitto, board, screen, given=False) == ["button", "kitchen-board", "lamp"]
    assert any(re.match(r"keeps MicroPython 1\.25\.\d; FIRMWARE=… or --new-firmware", text) for text in screen.said)


def test_new_micropython_is_fetched_before_the_board_is_stopped(
    pico: Pico, mosquitto: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "fetch", no_network)
    heard = len(pico.output)
    with pytest.raises(FlashError, match=r"^no network$"):
        flash_it(pico, mosquitto, wanted(tmp_path, mosquitto), Screen(), given=False, new=True)
    assert not re.search("Ctrl-C|>>>|raw REPL", pico.output[heard:])


def test_a_board_that_could_not_be_flashed_runs_again(
    pico: Pico, mosquitto: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "fetch", no_network)
    monkeypatch.setattr(micropython, "_OLDEST", (1, 28, 0))
    heard = len(pico.output)
    with pytest.raises(FlashError, match=r"^no network \(the board was restarted, and runs again\)$"):
        flash_it(pico, mosquitto, wanted(tmp_path, mosquitto, pin=17), Screen(), given=False)
    pico.wait_for("here is lamp", after=heard, seconds=120)


def no_network(chip: object, progress: object) -> Path:
    raise FlashError("no network")
