"""``msgflo watch``: print packets as they pass."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import click

from msgflo import Broker, ConfigError
from msgflo.topics import check_filter

from ..errors import printable
from ..wire.connection import Connection
from ._names import find_port
from ._options import broker_option, coordinator_option, find_broker

__all__ = ["command"]


@click.command("watch", short_help="Print packets as they pass.")
@click.argument("what", nargs=-1, metavar="[TOPIC|NODE.PORT]...")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a packet: time, name, topic, retained, payload."
)
@click.option("-n", "--count", type=click.IntRange(1), help="End after this many packets.")
@broker_option
@coordinator_option
def command(what: tuple[str, ...], as_json: bool, count: int | None, broker_url: str | None, coordinator: str) -> None:
    """Print packets on topics (wildcards allowed) or on ports named as NODE.PORT; without arguments, on all topics.

    A broker that is away is waited for.

    \b
    Examples:
      msgflo watch machine.load
      msgflo watch 'stat/#' lamp.color
      msgflo watch --json -n 10 machine.load
    """
    names = {topic: name for name in what or ("#",) for topic in _topics(name, coordinator)}
    broker = find_broker(broker_url, coordinator)
    asyncio.run(_watch(broker, names, count, _print_json if as_json else _print_line))


def _topics(name: str, coordinator: str) -> list[str]:
    """Return the topics of a NODE.PORT, or the word itself as a topic."""
    found = find_port(name, coordinator, ("outports", "inports"))
    if found is not None:
        return [found.topic, *found.direct_sources]
    try:
        return [str(check_filter(name))]
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


async def _watch(broker: Broker, names: Mapping[str, str], count: int | None, show: Any) -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = count

    def received(topic: str, payload: bytes, retained: bool) -> None:
        nonlocal left
        if ended.done():
            return
        try:
            show(names.get(topic, topic), topic, payload, retained)
        except OSError as error:  # the reader has ended, or the disk is full
            ended.set_exception(error)
            return
        if left is not None:
            left -= 1
            if left == 0:
                ended.set_result(None)

    client_id = f"msgflo-watch-{uuid.uuid4().hex[:8]}"
    connection = Connection(broker, client_id, subscriptions=list(names), on_message=received, raises_refused=True)
    serving = asyncio.create_task(connection.run())
    await asyncio.wait([serving, ended], return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    ended.result()


def _print_line(name: str, topic: str, payload: bytes, retained: bool) -> None:
    clock = datetime.now().strftime("%H:%M:%S.%f")[:-3]
    click.echo(f"{clock} {name} {'(retained) ' if retained else ''}{_text(payload)}")


def _print_json(name: str, topic: str, payload: bytes, retained: bool) -> None:
    packet = {"time": time.time(), "name": name, "topic": topic, "retained": retained, **_payload(payload)}
    click.echo(json.dumps(packet, ensure_ascii=False))


def _payload(payload: bytes) -> dict[str, Any]:
    """Return the value where it is JSON, else the text, else the bytes in hexadecimal, each under its own key."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return {"hex": payload.hex()}
    try:
        return {"value": json.loads(text)}
    except ValueError:
        return {"text": text}


def _text(payload: bytes) -> str:
    """Return a payload as text that is safe in a terminal: without control characters."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return f"{len(payload)} bytes {payload[:64].hex()}{'…' if len(payload) > 64 else ''}"
    return printable(text)
