"""``msgflo trace record``: record what passes in a graph of a running system."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ..errors import ClientError, TraceError
from ..fbp.client import Client
from ..processes.signals import shutdown_event
from ..traces import flowtrace
from ..traces.event_ring import MAX_EVENTS
from ._options import SEEN_BY_ALL

__all__ = ["command"]

_BY_OTHERS = {
    "start": "records this graph, too: a runtime may begin anew with that",
    "stop": "has ended the recording: what passes from now on is missing",
    "clear": "has cleared the recording: what has passed is missing",
}
"""Effects of requests of the `trace` protocol by other clients."""
_DUMP_S = 60.0  # a Pi needs a while for the largest


@click.command("record", short_help="Record what passes in a graph of a running system.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--address",
    "--coordinator",
    "address",
    envvar="MSGFLO_COORDINATOR",
    default="ws://localhost:3569",
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="The coordinator, or another runtime of the FBP protocol.",
)
@click.option("--secret", envvar="MSGFLO_SECRET", metavar="SECRET", help=f"What the runtime asks for. {SEEN_BY_ALL}")
@click.option("--graph", metavar="ID", help="Which graph.  [default: the runtime's main one]")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="For how long.  [default: until Ctrl-C]")
@click.option(
    "--events",
    type=click.IntRange(1, MAX_EVENTS),
    default=MAX_EVENTS,
    show_default=True,
    help="How many to store, the newest.",
)
def command(
    file: Path, address: str, secret: str | None, graph: str | None, seconds: float | None, events: int
) -> None:
    """Record the packets of all edges of a graph, and write them with the graph to FILE.

    The runtime stores the events until then: beyond --events and 4 MiB, the oldest are dropped.

    \b
    Examples:
      msgflo trace record night.flowtrace.json
      msgflo trace record minute.flowtrace.json --seconds 60 --address ws://pi.local:3569
    """
    if not file.absolute().parent.is_dir():
        raise TraceError("cannot be written: there is no such folder", file=str(file))
    asyncio.run(_record(file, _socket(address), secret, graph, seconds, events))


def _socket(address: str) -> str:
    """Return the WebSocket address; other commands take the page's, which begins with http."""
    return re.sub(r"^http(s?)://", r"ws\1://", address)


async def _record(
    file: Path, address: str, secret: str | None, graph: str | None, seconds: float | None, events: int
) -> None:
    async with Client.connect(address, secret=secret) as client:
        _check_allowed(client)
        id = graph or client.runtime.get("graph") or flowtrace.DEFAULT_GRAPH
        await client.request("trace", "start", {"graph": id, "buffersize": events})
        try:
            await _wait(client, id, seconds, f"recording {id} at {address}; Ctrl-C ends")
            dump = {"graph": id, "type": "flowtrace.json"}
            answer = await client.request("trace", "dump", dump, timeout=_DUMP_S)
        finally:
            with suppress(ClientError):
                await client.request("trace", "stop", {"graph": id})
    trace = _read(answer, address)
    newest = trace.events[-events:]  # another client may have asked for more
    flowtrace.write(file, {"header": trace.header, "events": newest})
    left_out = " (that is all that --events allows: older ones may be missing)" if len(newest) == events else ""
    click.echo(f"{len(newest)} events in {file}{left_out}", err=True)


def _check_allowed(client: Client) -> None:
    """Raise ClientError where the runtime cannot record, or may not for this secret."""
    if "protocol:trace" in (client.runtime.get("capabilities") or ()):
        return
    if "protocol:trace" in (client.runtime.get("allCapabilities") or ()):
        raise ClientError(f"{client.address} does not let us record; give it a --secret that has protocol:trace")
    raise ClientError(f"{client.address} cannot record: it does not have the capability protocol:trace")


async def _wait(client: Client, graph: str, seconds: float | None, hint: str) -> None:
    """Print the hint; return after so many seconds, at Ctrl-C, or when the connection ends."""
    ended = shutdown_event()
    click.echo(hint, err=True)
    connection = asyncio.create_task(_warn(client, graph))
    connection.add_done_callback(lambda task: ended.set())
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        pass
    finally:
        connection.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)  # a second Ctrl-C ends at once


async def _warn(client: Client, graph: str) -> None:
    """Warn of what other clients do to the recording, until the connection ends."""
    goes_on = client.runtime.get("type") == "msgflo"  # although another client starts a recording, too
    async for message in client.messages():
        what = _BY_OTHERS.get(message.command) if message.protocol == "trace" else None
        about = message.payload.get("graph") if isinstance(message.payload, dict) else None
        if what is not None and about == graph and not (goes_on and message.command == "start"):
            click.echo(f"warning: another client {what}", err=True)


def _read(answer: Any, address: str) -> flowtrace.Trace:
    """Return the trace in an answer: a text in the specification, an object in NoFlo."""
    content = answer.get("flowtrace") if isinstance(answer, dict) else None
    return flowtrace.parse(content if isinstance(content, str) else json.dumps(content), address)
