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

import pytest
from click.testing import CliRunner

from board_files import port_map
from brokers import Broker, free_port
from msgflo_host.cli import cli
from msgflo_host.errors import FlashError
from systems import Participants, Source


def log(folder: Path, *arguments: str, until: str, say: Callable[[], object], written: bool = False) -> tuple[str, int]:
    """Run `msgflo board log` and `say` something again and again, until the text comes; then press Ctrl-C."""
    if not written:
        port_map(folder)
    command = [sys.executable, "-u", "-m", "msgflo_host", "board", "log", str(folder / "kitchen.yaml"), *arguments]
    output = folder / "output"
    with output.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        deadline = time.monotonic() + 30
        while until not in output.read_text() and time.monotonic() < deadline:
            say()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        code = process.wait(30)
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


def test_broker_that_does_not_answer_is_said_and_what_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    port_map(tmp_path, broker=f"mqtt://127.0.0.1:{port}")
    file = tmp_path / "kitchen.yaml"
    file.write_text(file.read_text() + "log: {topic: true}\n")
    monkeypatch.setenv("MSGFLO_COORDINATOR", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("MSGFLO_BROKER", raising=False)
    shown, code = log(tmp_path, until="--broker", say=lambda: None, written=True)
    heading, *said = shown.splitlines()
    assert heading == f"(from mqtt://127.0.0.1:{port}, topic kitchen-board/log)"
    assert said[-1] == (
        f"(mqtt://127.0.0.1:{port} has not answered yet; is it running? Where it has another address from here: "
        "--broker mqtt://localhost)"
    )
    assert code == 0


def test_without_a_cable_it_is_said_how_to_get_the_log_by_mqtt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port_map(tmp_path)
    monkeypatch.setattr("msgflo_host.boards.flashing.ports.found", lambda platform: [])
    done = CliRunner().invoke(cli, ["board", "log", str(tmp_path / "kitchen.yaml")])
    assert isinstance(done.exception, FlashError)
    assert (
        "a port with another name: --port NAME  (with make: PORT=NAME); or without a cable, over MQTT: write  log: {"
        in (str(done.exception))
    )
