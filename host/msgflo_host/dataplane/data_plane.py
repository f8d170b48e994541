"""One run of the data plane: forwarder and built-in components, begun and ended together."""

from __future__ import annotations

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import uvloop

from msgflo import Broker

from ..processes.signals import shutdown_event
from .forwarder import Forwarder

__all__ = ["run"]

log = logging.getLogger("msgflo")


def run(
    broker: Broker, show: logging.Handler, level: int, *, process: int | None = None, is_own_broker: bool = False
) -> None:
    """Run until SIGINT, SIGTERM, or SIGHUP unless that is ignored, as under nohup; `show` takes the log from this level on.

    While another data plane is in charge of the broker, this one waits; on its own broker it never does. `process` is the id
    of the one to end where this is in the way, by default this one. Raises Refused where the broker refuses the account at
    the start.
    """
    log.addHandler(show)
    log.setLevel(level)
    log.propagate = False
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            _run_on_own(broker, process) if is_own_broker else _run(broker, process, is_quiet=level > logging.INFO)
        )


async def _run(broker: Broker, process: int | None, *, is_quiet: bool) -> None:
    """Carry packets while no other data plane is in charge of the broker."""
    from .claim import Claim  # takes a while, which a run on its own broker has later

    claim = Claim(broker, process=process, quiet=is_quiet)
    claiming, ending = _task(claim.run()), _task(shutdown_event().wait())
    try:
        while not (claiming.done() or ending.done()):
            await asyncio.wait([_task(claim.held.wait()), claiming, ending], return_when=FIRST_COMPLETED)
            if claim.held.is_set():
                await _carry(broker, [_task(claim.lost.wait()), claiming, ending])
    finally:
        claiming.cancel()
        with suppress(asyncio.CancelledError):
            await claiming


async def _run_on_own(broker: Broker, process: int | None) -> None:
    """Carry packets at once, and claim the broker later, for those who wait."""
    begun = asyncio.Event()

    async def claim_later() -> None:
        await begun.wait()
        module = await asyncio.to_thread(import_module, ".claim", __package__)
        await module.Claim(broker, process=process, own=True, quiet=True).run()

    claiming = _task(claim_later())
    try:
        await _carry(broker, [_task(shutdown_event().wait())], begun.set)
    finally:
        claiming.cancel()
        await asyncio.wait([claiming])


async def _carry(
    broker: Broker, until: Sequence[asyncio.Task[Any]], on_begun: Callable[[], None] = lambda: None
) -> None:
    """Carry packets until one of the tasks is done; calls `on_begun` when all is running."""
    tried = asyncio.Event()

    def log_state(connected: bool, reason: str) -> None:
        tried.set()
        log.info("%s", f"{broker}: forwarding" if connected else reason)

    forwarder = Forwarder(broker, on_state=log_state)
    await forwarder.start()
    await asyncio.wait([_task(tried.wait()), *until], return_when=FIRST_COMPLETED)
    if any(each.done() for each in until):
        await forwarder.stop()
        return
    # What runs built-in components takes as long to import as all that was needed so far, and edges carry packets meanwhile.
    components = (await asyncio.to_thread(import_module, ".component_host", __package__)).Components(broker)
    running = _task(components.run())
    on_begun()
    try:
        await asyncio.wait([running, *until], return_when=FIRST_COMPLETED)
    finally:
        await asyncio.gather(components.stop(), forwarder.stop())
    await running


def _task(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.create_task(work)
