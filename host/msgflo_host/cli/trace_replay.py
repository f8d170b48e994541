"""``msgflo trace replay``: a trace as a runtime for editors."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import click

from ..errors import ServerError
from ..processes.signals import shutdown_event
from ..traces import flowtrace
from ..traces.flowtrace import Trace

__all__ = ["command"]


@click.command("replay", short_help="Let editors see it again, at the times at which it happened.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=3333, show_default=True, help="0: a free one.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times as fast as it was recorded.",
)
@click.option(
    "--ide", metavar="URL", help="The editor's page, which may connect then. [default: pages of this machine]"
)
def command(file: Path, host: str, port: int, speed: float, ide: str | None) -> None:
    """Serve editors of the FBP protocol until Ctrl-C: they open the graph, and see its packets when they start it.

    Nothing can be changed, and no broker is needed. Anybody who can reach the port can read the trace.

    \b
    Examples:
      msgflo trace replay night.flowtrace.json
      msgflo trace replay night.flowtrace.json --speed 60 --ide http://app.flowhub.io
    """
    trace = flowtrace.load(file)
    asyncio.run(_replay(trace, host, port, speed, ide))


async def _replay(trace: Trace, host: str, port: int, speed: float, ide: str | None) -> None:
    from ..fbp.replay_server import ReplayServer  # aiohttp, which --help does not need

    try:
        server = ReplayServer(trace, speed=speed, ide=ide)
    except (ServerError, ValueError):
        raise click.UsageError(f"--ide {ide!r} is no URL, as in http://app.flowhub.io") from None
    ended = shutdown_event()
    try:
        opened = await server.start(host, port)
        if server.replay.left_out:
            click.echo(f"{server.replay.left_out} events cannot be replayed: they have no target or text", err=True)
        address = f"ws://{f'[{host}]' if ':' in host else host}:{opened}"
        click.echo(f"replaying {trace.main} at {address}; Ctrl-C ends", err=True)
        if ide is not None:
            endpoint = quote(f"protocol=websocket&address={address}", safe="")
            click.echo(f"{ide}#runtime/endpoint?{endpoint}", err=True)
        await ended.wait()
    finally:
        await server.stop()
