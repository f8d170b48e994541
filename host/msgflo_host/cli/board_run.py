"""``msgflo board run``: run a board without its hardware."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msgflo import Broker

from ..errors import MsgfloError
from ..processes.signals import shutdown_event
from ._options import NoCoordinatorError, broker_option, coordinator_option, find_broker

if TYPE_CHECKING:
    from ..boards.port_map import PortMap

__all__ = ["command"]

_LEAST_HEAP = 16 << 10
_MOST_HEAP = 64 << 20


class _Setting(click.ParamType[dict[str, Any]]):
    """ROLE.INPUT=VALUE."""

    name = "setting"

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, Any]:
        where, equals, text = value.partition("=")
        role, dot, key = where.rpartition(".")
        if not equals or not dot:
            self.fail(f"{value!r}: ROLE.INPUT=VALUE is needed", param, ctx)
        try:
            return {"device": role, key: json.loads(text)}
        except ValueError:
            return {"device": role, key: text}


def _heap(ctx: Any, param: Any, value: str | None) -> str | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,11})([KM]?)", value.upper())
    size = int(found[1]) * {"": 1, "K": 1 << 10, "M": 1 << 20}[found[2]] if found else 0
    if not _LEAST_HEAP <= size <= _MOST_HEAP:
        raise click.BadParameter(f"{value!r}: a number of bytes from 16K to 64M is needed, such as 100K")
    return value


@click.command("run", short_help="Run a board without its hardware.")
@click.argument("name")
@click.option("--control", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="Port of its control socket.")
@click.option(
    "--set", "settings", type=_Setting(), multiple=True, metavar="ROLE.INPUT=VALUE", help="An initial setting."
)
@click.option("--flash", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Folder for its files.")
@click.option("--heap", callback=_heap, metavar="SIZE", help="Memory for its MicroPython.  [default: 100K of a board]")
@broker_option
@coordinator_option
def command(
    name: str,
    control: int,
    settings: tuple[dict[str, Any], ...],
    flash: Path | None,
    heap: str | None,
    broker_url: str | None,
    coordinator: str,
) -> None:
    """Run the firmware of board NAME on this machine, with hardware that is set and read over a local socket, until Ctrl-C.

    Its broker is the one named by --broker, or that of the running coordinator, or that of the port map. The commands
    of the socket: docs/virtual-boards.md

    \b
    Examples:
      msgflo board run esp32
      msgflo board run picow --control 3571 --set remote-dial.position=0.5
    """
    from ..boards.board_folder import find
    from ..boards.virtual.program import check_heap
    from ..boards.virtual.virtual_board import load_virtual

    port_map = load_virtual(find(name))
    broker = _broker(broker_url, coordinator)
    if heap is not None:
        check_heap(heap)
    with (
        _only_one(port_map.name, broker or port_map.broker),
        tempfile.TemporaryDirectory(prefix="msgflo-board-") as temporary,
    ):
        asyncio.run(_run(port_map, broker, flash or Path(temporary), heap, control, settings))


def _only_one(name: str, broker: Broker) -> socket.socket:
    """Hold the name of a board on a broker: two would disconnect each other. Raises MsgfloError where one runs already.

    Linux frees a name in the abstract namespace of sockets (unix(7)) with the process, however that ends.
    """
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind("\0msgflo-board-" + hashlib.blake2b(f"{broker} {name}".encode(), digest_size=16).hexdigest())
    except OSError:
        holder.close()
        raise MsgfloError(
            f"{name} runs already on {broker}, on the page (Boards) or by another `msgflo board run`: end that one first"
        ) from None
    return holder


def _broker(url: str | None, coordinator: str) -> Broker | None:
    try:
        return find_broker(url, coordinator)
    except NoCoordinatorError:
        return None  # the port map names one


async def _run(
    port_map: PortMap,
    broker: Broker | None,
    flash: Path,
    heap: str | None,
    control: int,
    settings: tuple[dict[str, Any], ...],
) -> None:
    from ..boards.virtual.virtual_board import VirtualBoard, write_flash

    name = port_map.name
    ended = shutdown_event()
    relay = write_flash(port_map, flash, broker=broker)
    board = VirtualBoard(flash, heap=heap, port=control, relay=relay, log=lambda line: click.echo(f"{name} | {line}"))
    for setting in settings:
        board.control(setting)
    click.echo(f"{name}: a virtual {port_map.chip.title} on {broker or port_map.broker}; Ctrl-C ends it")
    try:
        await board.start()
        click.echo(f"{name}: control socket 127.0.0.1:{board.port}")
        waiting = [asyncio.create_task(event.wait()) for event in (ended, board.program.gone)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
    finally:
        await board.stop()
    if board.program.gone.is_set():
        sys.exit(1)  # its program has printed why
