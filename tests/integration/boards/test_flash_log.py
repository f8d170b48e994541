"""What a board says is printed, from its serial port or from its topic, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path

from board_files import port_map
from brokers import Broker
from systems import Participants, Source


def log(folder: Path, *arguments: str, until: str, say: Callable[[], object]) -> tuple[str, int]:
    """Run `msgflo board log` and `say` something again and again, until the text comes; then press Ctrl-C."""
    port_map(folder)
    command = [sys.executable, "-u", "-m", "msgflo_host", "board", "log", str(folder / "kitchen.yaml"), *arguments]
    output = folder / "output"
    with output.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            deadline = time.monotonic() + 60
            while until not in output.read_text():
                assert time.monotonic() < deadline, output.read_text()
                say()
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            code = process.wait(30)
        finally:
            process.kill()
    return output.read_text(), code


def test_serial_log_is_printed_as_it_comes(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        text = b"\x00\xff\x80rubbish of a boot ROM\r\n1.5 board: here is lamp\r\n"
        shown, code = log(
            tmp_path, "--port", os.ttyname(slave), until="here is lamp", say=lambda: os.write(master, text)
        )
    finally:
        os.close(master)
        os.close(slave)
    assert "rubbish of a boot ROM\n1.5 board: here is lamp\n" in shown
    assert code == 0


def test_log_topic_is_printed_with_the_time(broker: Broker, tmp_path: Path) -> None:
    board = Source("kitchen-board", topics={"out": "kitchen-board/log"})
    with Participants(board, broker=broker.url):
        shown, code = log(
            tmp_path, "--broker", broker.url, until="it is me", say=lambda: board.send("out", "2.0 board: it is me")
        )
    heading, notice, first = shown.splitlines()[:3]
    assert heading == f"(from {broker.url}, topic kitchen-board/log)"
    assert notice == (
        f"({tmp_path}/kitchen.yaml does not ask for that: write  log: {{topic: true}}  into the port map, and bring it "
        "to the board (msgflo board update, make flash); until then nothing comes here)"
    )
    assert first[2] == ":"
    assert first.endswith(" 2.0 board: it is me")
    assert code == 0
