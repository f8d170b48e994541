"""``msgflo board update``: bring a board up to date over the network."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from ._options import is_typed, parse_broker, seen_broker_option

if TYPE_CHECKING:
    from msgflo import Broker

    from ..boards.build import Image
    from ..boards.port_map import PortMap
    from ..boards.update_transfer import Transfer
    from ._screen import Screen

__all__ = ["command"]


@click.command("update", short_help="Bring a board up to date over the network.")
@click.argument("name")
@seen_broker_option
def command(name: str, broker_url: str | None) -> None:
    """Send what is new of NAME's files and port map to the board, over MQTT, and wait until it runs the new version.

    The board checks that all is signed with its key, which it got when it was flashed. Interrupted, or when the new version
    does not reach the broker, it goes on with the one that it has. A board that sleeps is updated when it wakes up.

    \b
    Examples:
      msgflo board update kitchen
      msgflo board update kitchen --broker mqtt://localhost
    """
    from ..boards.board_folder import find, load
    from ..boards.build import build
    from ..boards.memory import warnings
    from ..boards.update_keys import board_key
    from ._screen import Screen

    began = time.monotonic()
    broker = parse_broker(broker_url) if broker_url else None
    port_map = load(find(name), loopback=is_typed("broker_url"))
    _check_key(port_map, name)
    key = board_key(port_map.file.parent, port_map.name)
    image = build(port_map, key)
    screen = Screen()
    for warning in warnings(port_map, image.bytecode):
        screen.log(warning)
    screen.log(f"{port_map.name}: version {image.version}")
    if sleep := port_map.sleep:
        screen.log(f"it sleeps, and wakes up within {sleep.every * sleep.batch:g} s")
    sent = _update(port_map, image, key, broker, screen)
    if sent:
        seconds = time.monotonic() - began
        screen.log(f"it runs version {image.version}, after {seconds:.0f} s and {sent / 1024:.1f} KB")
    else:
        screen.log("it runs this version; nothing to do")


def _check_key(port_map: PortMap, name: str) -> None:
    """Raise FlashError where the board has no key yet; one that is made now would not be the board's."""
    from ..boards.update_keys import key_file
    from ..errors import FlashError

    file = key_file(port_map.file.parent, port_map.name)
    if not file.exists():
        raise FlashError(
            f"{port_map.name}: there is no key {file}; the first time it is flashed: make flash BOARD={name}"
        )


def _update(port_map: PortMap, image: Image, key: str, broker: Broker | None, screen: Screen) -> int:
    """Send what is new, and tell how it goes; returns how many bytes were sent."""
    from ..boards.update import NotReached, update
    from ..boards.update_progress import Story
    from ._elsewhere import elsewhere

    sleep = port_map.sleep
    story = Story(port_map.broker)
    with screen.progress(f"updating {port_map.name}") as show:

        def on_progress(transfer: Transfer) -> None:
            show(round(transfer.progress * 1000), 1000)
            for line in story.lines(transfer, time.monotonic()):
                screen.log(line)

        updating = update(
            broker or port_map.broker,
            image.files,
            name=port_map.name,
            version=image.version,
            key=bytes.fromhex(key),
            asleep=sleep.every * (sleep.batch + 1) if sleep else None,
            on_progress=on_progress,
            reaches=port_map.broker,
        )
        try:
            return asyncio.run(updating).sent
        except NotReached as error:
            if broker is None:
                error.message += f"; {elsewhere()}"
            raise
