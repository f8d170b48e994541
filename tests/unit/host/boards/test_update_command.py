"""`msgflo board update`: a board without a key, and a broker that is not reached from here."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from board_files import port_map
from msgflo_host.boards.update import NotReached
from msgflo_host.boards.update_keys import board_key
from msgflo_host.cli import _elsewhere
from msgflo_host.cli.main import cli
from msgflo_host.errors import MsgfloError


def refused(board: Path) -> str:
    return str(CliRunner().invoke(cli, ["board", "update", str(board)]).exception)


def test_a_board_that_was_never_flashed_has_no_key(tmp_path: Path) -> None:
    board = port_map(tmp_path)
    assert refused(board.file) == (
        f"kitchen: there is no key {tmp_path}/keys/kitchen.key; the first time it is flashed: make flash BOARD={board.file}"
    )
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ({"broker": "mqtt://127.0.0.1:1999"}, "where the board uses that of the coordinator here: --broker mqtt://127.0.0.1:1999"),
        (
            {"broker": "mqtt://msgflo:***@127.0.0.1:1999"},
            "where the board uses that of the coordinator here: --broker mqtt://msgflo:***@127.0.0.1:1999; what *** stands for "
            "is in .msgflo/secret: docs/broker.md",
        ),
        (None, "is it running? Where it has another address from here: --broker mqtt://localhost"),
    ],
)  # fmt: skip
def test_a_broker_that_is_not_reached_is_logged_with_that_of_the_coordinator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: dict[str, str] | None, hint: str
) -> None:
    def status_of(url: str) -> dict[str, str]:
        if status is None:
            raise MsgfloError("no coordinator")
        return status

    async def update(*arguments: object, **more: object) -> None:
        raise NotReached("mqtt://192.168.1.10:1883 cannot be reached")

    monkeypatch.setattr(_elsewhere, "status_of", status_of)
    monkeypatch.setattr("msgflo_host.boards.update.update", update)
    monkeypatch.delenv("MSGFLO_BROKER", raising=False)
    board = port_map(tmp_path)
    board_key(tmp_path, board.name)
    assert refused(board.file) == f"mqtt://192.168.1.10:1883 cannot be reached; {hint}"
