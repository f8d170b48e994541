"""Brings a board up to date over its serial port, and stays until it has announced itself on the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from msgflo import Broker

from ...errors import BrokerError, FlashError
from ..build import Image
from ..port_map import PortMap
from . import firmware_file
from .await_board import PATIENCE_S, await_participants, watching
from .micropython import Screen, Target, find, suits, with_micropython
from .repl_scripts import State
from .serial_board import SerialBoard, digest
from .serial_log import SerialLog
from .serial_ports import check_access
from .up_to_date import micropython_of, present, remember

__all__ = ["Changes", "changes", "flash"]

_BLOCK = 4096  # what a file takes at least
_OUR_MAIN = '"""Starts a board'
_THEIR_MAIN = "/main.before.py"
_OURS = (".mpy", ".json", ".der", "~")


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that a board needs to hold an image: files to `write`, in order, and files to `remove` before."""

    write: Mapping[str, bytes]
    remove: list[str]
    keep_main: bool = False
    """True where there is a main.py of somebody else's, which gets another name."""


def flash(
    port_map: PortMap,
    image: Image,
    target: Target,
    screen: Screen,
    *,
    broker: Broker | None = None,
    patience: float = PATIENCE_S,
) -> list[str]:
    """Flash a board; returns the ids of the participants that it has announced on the broker.

    `broker` is how this machine reaches the port map's broker, where that differs from the board's way. Raises FlashError
    and BrokerError; a further call repairs what was left half done.
    """
    broker = broker or port_map.broker
    if target.firmware is not None:
        firmware_file.read(target.firmware, target.chip)  # a mistake there is reported before a board is asked for
    target = replace(target, port=find(target, screen))
    there = _there_already(port_map, image, target, broker)
    if there:
        screen.log(f"{target.port}: it runs this version; nothing to do")
        return there
    with with_micropython(target, screen) as (board, state):
        _apply(board, changes(image, state), state, screen)
        there = asyncio.run(_restart(port_map, board, screen, broker, patience))
        remember(image, state.text)
        return there


def _there_already(port_map: PortMap, image: Image, target: Target, broker: Broker) -> list[str]:
    """Return the participants of a board that runs this version on the right MicroPython; none where that is not sure."""
    micropython = micropython_of(image)
    if micropython is None or target.port is None or not suits(target, micropython):
        return []
    check_access(target.port)
    return asyncio.run(present(port_map, image.version, target.port, broker))


def changes(image: Image, state: State) -> Changes:
    """Return what has to change on a board; its user's own files stay, as does the other version."""
    placed = image.placed(state.slot)
    slot = f"/{state.slot}/"
    return Changes(
        {path: content for path, content in placed.items() if state.files.get(path) != digest(content)},
        [path for path, found in sorted(state.files.items()) if path not in placed and _is_stale(path, found, slot)],
        "/main.py" in state.files and not state.main.startswith(_OUR_MAIN),
    )


def _is_stale(path: str, found: str, slot: str) -> bool:
    if path.startswith(slot):
        return path.endswith(_OURS)
    # With it goes the memory of failed starts, and so safe mode.
    return path != "/starts" or found != digest(b"0")


def _apply(board: SerialBoard, needed: Changes, state: State, screen: Screen) -> None:
    needed_bytes = sum(-(-len(content) // _BLOCK) * _BLOCK for content in needed.write.values())
    if needed_bytes > state.free:
        raise FlashError(
            f"{board.device}: {needed_bytes // 1024} KB are needed, {state.free // 1024} KB are free: remove files of yours from "
            "the board (`mpremote ls`), or erase it (docs/flashing.md)"
        )
    board.remove(needed.remove)
    if needed.keep_main:
        board.move("/main.py", _THEIR_MAIN)
        screen.log(f"{board.device}: the main.py that was there is kept as {_THEIR_MAIN}")
    if not needed.write:
        screen.log("nothing to copy")
        return
    done, whole = 0, sum(map(len, needed.write.values()))
    with screen.progress(f"{_count(needed.write)}, {whole / 1024:.1f} KB") as progress:

        def more(size: int) -> None:
            nonlocal done
            done += size
            progress(min(done, whole), whole)

        board.write(needed.write, more)
    screen.log(f"copied {_count(needed.write)}, {whole / 1024:.1f} KB")


def _count(files: Mapping[str, bytes]) -> str:
    return f"{len(files)} file{'' if len(files) == 1 else 's'}"


async def _restart(port_map: PortMap, board: SerialBoard, screen: Screen, broker: Broker, patience: float) -> list[str]:
    """Restart the board, with an eye on the broker from before."""
    try:
        async with watching(broker, port_map.name) as watch:
            board.restart()
            with SerialLog(board.device, board.take_port()) as log:
                return await await_participants(port_map, watch, log, lambda line: screen.log(f"  {line}"), patience)
    except BrokerError as error:
        board.restart()
        raise BrokerError(f"the board has its files and was restarted, but {error}") from None
