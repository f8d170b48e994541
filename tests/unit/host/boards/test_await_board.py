"""After its restart a board is followed, on its serial port and on the broker, until it is there or it is clear why not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from board_files import port_map
from event_loop import run_simulated
from msgflo import Broker, ConnectError
from msgflo_host.boards.flashing import await_board as following
from msgflo_host.boards.flashing.await_board import await_participants, watching
from msgflo_host.boards.flashing.serial_diagnostics import Reader
from msgflo_host.errors import BrokerError, FlashError


class Board:
    """A board in the hands of a test: its serial log, and what it says on the broker."""

    def __init__(self, folder: Path) -> None:
        self.port_map = port_map(folder, "lamp: {kind: led, pin: 13}")
        self.gone_since: float | None = None
        self.watch = following._Watch("kitchen")
        self.shown: list[str] = []
        self._lines: list[str] = []

    def print(self, *lines: str) -> None:
        self._lines += lines

    def lines(self) -> list[str]:
        found, self._lines = self._lines, []
        return found

    def announce(self, *roles: str, retained: bool = False) -> None:
        for role in roles:
            payload = {"id": role, "role": role, "component": "boards/Board", "connection": "kitchen"}
            message = {
                "protocol": "discovery",
                "command": "participant",
                "payload": {**payload, "inports": [], "outports": []},
            }
            self.watch.take(f"fbp/participant/{role}", json.dumps(message).encode(), retained)

    def wait(self, patience: float = 60) -> tuple[list[str], float]:
        """Wait for it; returns the participants found, and after how many seconds."""
        found: list[str] = []
        took = 0.0

        async def main() -> None:
            nonlocal took
            found.extend(await await_participants(self.port_map, self.watch, self, self.shown.append, patience))  # type: ignore[arg-type]
            took = asyncio.get_running_loop().time()

        run_simulated(main)
        return found, took


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_board_is_there_when_all_its_participants_are(board: Board) -> None:
    board.print("0.8 board: kitchen 0123456789ab")
    board.announce("kitchen-board", "lamp")
    assert board.wait() == (["kitchen-board", "lamp"], 0)
    assert board.shown == ["0.8 board: kitchen 0123456789ab"]


def test_device_that_failed_is_not_waited_for(board: Board) -> None:
    board.announce("kitchen-board")
    found, took = board.wait()
    assert (found, took) == (["kitchen-board"], pytest.approx(3, abs=0.1))


def test_what_the_broker_has_stored_does_not_count(board: Board) -> None:
    board.announce("kitchen-board", "lamp", retained=True)
    with pytest.raises(
        FlashError,
        match=r"^the board has not announced itself on mqtt://192\.168\.1\.10:1883 within 20 s; press its reset button and",
    ):
        board.wait(20)


def test_trouble_is_reported_with_what_to_try(board: Board) -> None:
    board.print('3.1 board: no Wi-Fi "Home": the password is wrong; trying again')
    with pytest.raises(FlashError) as error:
        board.wait()
    assert str(error.value) == (
        "the board says 'no Wi-Fi \"Home\": the password is wrong; trying again'; look at it in the port map or its "
        "secrets.yaml, then flash again"
    )


def test_crash_is_reported_at_once(board: Board) -> None:
    board.print(
        "Traceback (most recent call last):",
        '  File "main.py", line 1, in <module>',
        "ImportError: no module named 'nothing'",
        "board: ended by an error; starting again in 5 s, Ctrl-C prevents it",
    )
    with pytest.raises(
        FlashError, match=r"the board's program ended with \"ImportError: no module named 'nothing'\"; what"
    ):
        board.wait(0)


def test_board_unplugged_meanwhile_is_logged(board: Board) -> None:
    board.gone_since = 0.0
    with pytest.raises(
        FlashError, match=r"^the board was unplugged before it had announced itself; plug it in again and run"
    ):
        board.wait()


def test_broker_that_cannot_be_reached_from_here_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreached:
        def __init__(self, broker: Broker, *arguments: object, **more: object) -> None:
            self._broker = broker

        async def connect(self) -> None:
            raise ConnectError(f"{self._broker} cannot be reached")

        async def disconnect(self) -> None:
            pass

    monkeypatch.setattr(following, "Transport", Unreached)

    async def main() -> None:
        async with watching(Broker.parse("mqtt://127.0.0.1:1"), "kitchen"):
            pass

    with pytest.raises(
        BrokerError, match=r"127\.0\.0\.1:1.* is it running\? Another address for it from here: --broker$"
    ):
        run_simulated(main)


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
