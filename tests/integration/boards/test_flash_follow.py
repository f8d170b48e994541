"""After its restart a board is followed, on its serial port and on the broker, until it is there or it is clear why not."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from board_files import port_map
from brokers import Broker
from msgflo import Broker as Address
from msgflo import Participant, Port
from msgflo_host.boards.flashing import follow as following
from msgflo_host.boards.flashing.follow import follow, watching
from msgflo_host.boards.flashing.serial_log import SerialLog
from msgflo_host.boards.flashing.trouble import Reader
from msgflo_host.errors import BrokerError, FlashError
from systems import Participants


class Serial:
    """A board's serial port, with the test as the board."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        os.close(slave)

    def print(self, *lines: str) -> None:
        os.write(self._master, "".join(f"{line}\r\n" for line in lines).encode())

    def unplug(self) -> None:
        if self._master >= 0:
            os.close(self._master)
        self._master = -1


@pytest.fixture
def serial() -> Iterator[Serial]:
    made = Serial()
    yield made
    made.unplug()


class Board(Participant):
    component = "boards/Board"
    outports = (Port("version", "string", state=True),)


def follow_it(
    folder: Path, broker: Broker, serial: Serial, *lines: str, announce: tuple[str, ...] = (), patience: float
) -> tuple[list[str], list[str]]:
    """Follow a board that prints these lines and announces these participants; returns those found, and what was shown."""
    board = port_map(folder, "lamp: {kind: led, pin: 13}", broker=broker.url)
    shown: list[str] = []

    async def run() -> list[str]:
        async with watching(Address.parse(broker.url), board.name) as watch:
            with SerialLog(serial.port) as log:
                serial.print(*lines)
                participants = [Board(role) for role in announce]
                if not participants:
                    return await follow(board, watch, log, shown.append, patience)
                with Participants(*participants, broker=broker.url, client_id=board.name):  # in a thread of their own
                    return await follow(board, watch, log, shown.append, patience)

    return asyncio.run(run()), shown


def test_board_is_there_when_all_its_participants_are(broker: Broker, serial: Serial, tmp_path: Path) -> None:
    found, shown = follow_it(
        tmp_path, broker, serial, "0.8 board: kitchen 0123456789ab", announce=("kitchen-board", "lamp"), patience=20
    )
    assert found == ["kitchen-board", "lamp"]
    assert shown == ["0.8 board: kitchen 0123456789ab"]


def test_device_that_failed_is_not_waited_for(
    broker: Broker, serial: Serial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_SETTLE_S", 0.3)
    assert follow_it(tmp_path, broker, serial, announce=("kitchen-board",), patience=20)[0] == ["kitchen-board"]


def test_what_the_broker_has_kept_does_not_count(broker: Broker, serial: Serial, tmp_path: Path) -> None:
    follow_it(tmp_path, broker, serial, announce=("kitchen-board", "lamp"), patience=20)
    with pytest.raises(
        FlashError, match=r"^the board has not announced itself on mqtt://127\.0\.0\.1:\d+ within 0\.5 s; press"
    ):
        follow_it(tmp_path, broker, serial, patience=0.5)


def test_trouble_is_told_with_what_to_try(
    broker: Broker, serial: Serial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_AFTER_TROUBLE_S", 0.3)
    said = '3.1 board: no Wi-Fi "Home": the password is wrong; trying again'
    with pytest.raises(FlashError) as error:
        follow_it(tmp_path, broker, serial, said, patience=20)
    assert str(error.value) == (
        "the board says 'no Wi-Fi \"Home\": the password is wrong; trying again'; look at it in the port map or its "
        "secrets.yaml, then flash again"
    )


def test_crash_is_told_at_once(broker: Broker, serial: Serial, tmp_path: Path) -> None:
    lines = (
        "Traceback (most recent call last):",
        '  File "main.py", line 1, in <module>',
        "ImportError: no module named 'nothing'",
        "board: ended by an error; starting again in 5 s, Ctrl-C prevents it",
    )
    with pytest.raises(
        FlashError, match=r"the board's program ended with \"ImportError: no module named 'nothing'\"; what"
    ):
        follow_it(tmp_path, broker, serial, *lines, patience=30)


def test_board_unplugged_meanwhile_is_said(
    broker: Broker, serial: Serial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_UNPLUGGED_S", 0.3)

    async def run() -> None:
        board = port_map(tmp_path, broker=broker.url)
        async with watching(Address.parse(broker.url), board.name) as watch:
            with SerialLog(serial.port) as log:
                serial.unplug()
                await follow(board, watch, log, lambda line: None, 20)

    with pytest.raises(
        FlashError, match=r"^the board was unplugged before it had announced itself; plug it in again and run"
    ):
        asyncio.run(run())


def test_broker_that_cannot_be_reached_from_here_is_said() -> None:
    async def run() -> None:
        async with watching(Address.parse("mqtt://127.0.0.1:1"), "kitchen"):
            pass

    with pytest.raises(
        BrokerError, match=r"127\.0\.0\.1:1.* is it running\? Another address for it from here: --broker$"
    ):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            'no Wi-Fi "Home": there is no such network here (a board needs 2.4 GHz); trying again',
            "look at the network's name",
        ),
        ('no Wi-Fi "Home": no answer within 15 s; trying again', "is the board near enough"),
        ("mqtt://10.0.0.1:1883 refused the connection: not authorised (code 5); trying again", "look at the account"),
        ("mqtt://10.0.0.1:1883: connection refused; trying again", "does a broker listen there"),
        ("mqtt://10.0.0.1:1883: no route to host; trying again", "can the board's network reach that address?"),
        ("mqtt://10.0.0.1:1883: no answer within 10 s; trying again", "can the board's network reach that address?"),
        ("mqtt://pi.local:1883: -2; trying again", "the board cannot find that name"),
        (
            "mqtts://pi.local:8883: The certificate validity has expired (the clock here says 2026-01-01)",
            "it must be for",
        ),
        ("no time from http://10.0.0.1:3569/: -2; trying to do without", "start the coordinator"),
        ("kitchen 0123456789ab, safe mode: without devices", "its last five starts have failed"),
    ],
)
def test_each_kind_of_trouble_has_its_advice(line: str, advice: str) -> None:
    reader = Reader()
    reader.take(f"1.5 board: {line}")
    assert reader.trouble is not None
    assert str(reader.trouble).startswith(f"the board says {line!r}; {advice}")
    reader.take("9.9 board: connected to mqtt://10.0.0.1:1883")
    assert reader.trouble is None, "it is over"


def test_what_the_boot_rom_says_is_no_trouble() -> None:
    reader = Reader()
    for line in ("ets Jul 29 2019 12:21:46", "rst:0x1 (POWERON_RESET),boot:0x13", "1.8 board: here is lamp", ""):
        reader.take(line)
    assert reader.trouble is None
