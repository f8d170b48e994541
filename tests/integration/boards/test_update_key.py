"""The key that signs updates is on the board, and in no update: it comes by cable, and nothing that is sent tells it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import msgflo
from board_files import port_map
from brokers import Broker
from msgflo.paho_transport import Transport
from msgflo_host.boards.build import build
from msgflo_host.boards.update import update
from msgflo_host.boards.update_keys import board_key
from msgflo_host.errors import FlashError
from small_board import KEY, MICROPYTHON, SmallBoard, config, firmware

needs_micropython = pytest.mark.skipif(MICROPYTHON.missing is not None, reason=str(MICROPYTHON.missing))
PIECE = 8  # bytes; so many in a row are no chance


def pieces(key: bytes) -> set[bytes]:
    return {key[start : start + PIECE] for start in range(len(key) - PIECE + 1)}


async def _listened(broker: Broker, command: list[str]) -> tuple[str, list[tuple[str, bytes]]]:
    heard: list[tuple[str, bytes]] = []
    transport = Transport(
        msgflo.Broker.parse(broker.url),
        "ear",
        on_message=lambda topic, payload, _: heard.append((topic, bytes(payload))),
    )
    await transport.connect()
    await transport.subscribe([("#", 1)])
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    await transport.disconnect()
    return done.stdout + done.stderr, heard


@needs_micropython
def test_nothing_of_the_key_is_published_by_an_update(broker: Broker, tmp_path: Path) -> None:
    wanted = port_map(tmp_path, broker=broker.url)
    key = board_key(tmp_path, "kitchen")
    board = SmallBoard(tmp_path / "board")
    board.install(dict(build(wanted, key).files), key=key)
    with board:
        board.wait_for("here is kitchen-board")
        wanted = port_map(tmp_path, "lamp: {kind: led, pin: 14}", broker=broker.url)
        command = [sys.executable, "-m", "msgflo_host", "board", "update", str(wanted.file), "--broker", broker.url]
        said, heard = asyncio.run(_listened(broker, command))
        assert f"it runs version {build(wanted, key).version}, after " in said
        sent = b"".join(payload[11:] for topic, payload in heard if topic == "kitchen-board/update")
        assert b'"module":"led"' in sent, "the port map is among what was heard"
        everything = b"\n".join([sent, *(payload for _, payload in heard)])
        assert not [
            piece for secret in (bytes.fromhex(key), key.encode()) for piece in pieces(secret) if piece in everything
        ]
        assert (board.flash / "key").read_text() == key, "and it is as it was"


@needs_micropython
@pytest.mark.parametrize("there", [None, "5e" * 31])
def test_a_board_without_a_key_says_that_it_wants_the_cable(broker: Broker, tmp_path: Path, there: str | None) -> None:
    board = SmallBoard(tmp_path)
    board.install(firmware(config(broker.url, key=KEY)), key=there or "")  # as it was flashed before: in the port map
    if there is None:
        (board.flash / "key").unlink()
    new = firmware(config(broker.url, version="2" * 12))
    with board:
        board.wait_for("here is shed-board")
        with pytest.raises(
            FlashError,
            match=r"^board 'shed' was not updated: the board has no key: flash it once by cable, with make flash$",
        ):
            asyncio.run(
                update(msgflo.Broker.parse(broker.url), new, name="shed", version="2" * 12, key=bytes.fromhex(KEY))
            )
        assert not (board.flash / "b").exists()
