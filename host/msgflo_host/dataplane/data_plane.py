"""One run of the data plane: forwarder and built-in components, begun and ended together."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module

import uvloop

from msgflo import Broker

from ..processes.signals import on_shutdown
from .forwarder import Forwarder

__all__ = ["run"]

log = logging.getLogger("msgflo")


def run(broker: Broker, show: logging.Handler, level: int) -> None:
    """Run until SIGINT, SIGTERM, or SIGHUP unless that is ignored, as under nohup; `show` takes the log from this level on."""
    log.addHandler(show)
    log.setLevel(level)
    log.propagate = False
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(broker))


async def _run(broker: Broker) -> None:
    ended, tried = asyncio.Event(), asyncio.Event()
    on_shutdown(ended.set)

    def log_state(connected: bool, reason: str) -> None:
        tried.set()
        log.info("%s", f"{broker}: connected" if connected else reason)

    forwarder = Forwarder(broker, on_state=log_state)
    await forwarder.start()
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait([asyncio.create_task(tried.wait()), ending], return_when=asyncio.FIRST_COMPLETED)
    if ending.done():
        await forwarder.stop()
        return
    # What runs built-in components takes as long to import as all that was needed so far, and edges carry packets meanwhile.
    components = (await asyncio.to_thread(import_module, ".component_host", __package__)).Components(broker)
    running = asyncio.create_task(components.run())
    try:
        await asyncio.wait([running, ending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await asyncio.gather(components.stop(), forwarder.stop())
    await running
