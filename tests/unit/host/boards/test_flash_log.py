"""`msgflo board log`: where what a board says is taken from, and what is told when nothing comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from board_files import port_map
from msgflo import Broker
from msgflo_host.cli import _elsewhere, board_log
from msgflo_host.cli.main import cli
from msgflo_host.errors import FlashError, MsgfloError
from msgflo_host.wire import connection


@pytest.fixture(autouse=True)
def no_board_on_usb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgflo_host.boards.flashing.serial_ports.found", lambda platform: [])


def no_coordinator(url: str) -> object:
    raise MsgfloError("no coordinator")


def test_broker_that_does_not_answer_is_logged_and_what_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unanswered:
        connected = False

        def __init__(
            self,
            broker: Broker,
            client: str,
            *,
            subscriptions: list[str],
            on_message: Callable[..., None],
            raises_refused: bool,
        ) -> None:
            assert subscriptions == ["kitchen-board/log"]

        async def run(self) -> None:
            await asyncio.sleep(0)
            raise KeyboardInterrupt

    monkeypatch.setattr(connection, "Connection", Unanswered)
    monkeypatch.setattr(board_log, "_REACHED_S", 0)
    monkeypatch.setattr(_elsewhere, "status_of", no_coordinator)
    monkeypatch.delenv("MSGFLO_BROKER", raising=False)
    file = port_map(tmp_path).file
    file.write_text(file.read_text() + "log: {topic: true}\n")
    done = CliRunner().invoke(cli, ["board", "log", str(file)])
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == [
        "(from mqtt://192.168.1.10:1883, topic kitchen-board/log)",
        "(mqtt://192.168.1.10:1883 has not answered yet; is it running? Where it has another address from here: "
        "--broker mqtt://localhost)",
    ]


def test_without_a_cable_it_is_logged_how_to_get_the_log_by_mqtt(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["board", "log", str(port_map(tmp_path).file)])
    assert isinstance(done.exception, FlashError)
    assert (
        "a port with another name: --port NAME  (with make: PORT=NAME); or without a cable, over MQTT: write  log: {"
        in (str(done.exception))
    )
