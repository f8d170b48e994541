"""``msgflo board update``: bring a board up to date over the network."""

from __future__ import annotations

import asyncio
import time

import click

from ._options import is_typed, parse_broker, seen_broker_option

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
    from ..boards.build import build
    from ..boards.keys import board_key, key_file
    from ..boards.port_map import find, load
    from ..boards.update import NotReached, update
    from ..boards.update_story import Story
    from ..boards.update_transfer import Transfer
    from ..errors import FlashError
    from ._elsewhere import elsewhere
    from ._screen import Screen

    began = time.monotonic()
    broker = parse_broker(broker_url) if broker_url else None
    port_map = load(find(name), loopback=is_typed("broker_url"))
    folder = port_map.file.parent
    if not key_file(folder, port_map.name).exists():
        file = key_file(folder, port_map.name)
        raise FlashError(
            f"{port_map.name}: there is no key {file}; the first time it is flashed: make flash BOARD={name}"
        )
    key = board_key(folder, port_map.name)
    image = build(port_map, key)
    screen = Screen()
    screen.say(f"{port_map.name}: version {image.version}")
    sleep = port_map.sleep
    if sleep:
        screen.say(f"it sleeps, and wakes up within {sleep.every * sleep.batch:g} s")
    story = Story(port_map.broker)
    with screen.progress(f"updating {port_map.name}") as show:

        def say(transfer: Transfer) -> None:
            show(round(transfer.progress * 1000), 1000)
            for line in story.lines(transfer, time.monotonic()):
                screen.say(line)

        updating = update(
            broker or port_map.broker,
            image.files,
            name=port_map.name,
            version=image.version,
            key=bytes.fromhex(key),
            asleep=sleep.every * (sleep.batch + 1) if sleep else None,
            say=say,
            reaches=port_map.broker,
        )
        try:
            transfer = asyncio.run(updating)
        except NotReached as error:
            if broker is None:
                error.message += f"; {elsewhere()}"
            raise
    if not transfer.sent:
        screen.say("it runs this version; nothing to do")
    else:
        seconds = time.monotonic() - began
        screen.say(f"it runs version {image.version}, after {seconds:.0f} s and {transfer.sent / 1024:.1f} KB")
