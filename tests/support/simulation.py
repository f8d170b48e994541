"""A system in one event loop with a MemoryBroker: a coordinator and participants, for unit tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo import Participant, Session
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.dataplane.component_host import Components
from msgflo_host.dataplane.forwarder import Forwarder
from msgflo_host.graph import fbp_reader
from msgflo_host.graph.model import Graph

PATIENCE_S = 120
"""Of simulated time, which passes at once."""


async def until(condition: Callable[[], Any]) -> None:
    """Let simulated time pass until something is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def pass_time(seconds: float) -> None:
    """Let simulated time pass, in which what must not happen could."""
    await asyncio.sleep(seconds)


def run_beside(broker: MemoryBroker, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in simulated time, beside a broker."""

    async def started() -> None:
        with broker:
            await main()

    run_simulated(started)


@asynccontextmanager
async def beside(work: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """Run something beside a test, and cancel it at the end."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def coordinating(
    broker: MemoryBroker, graph: Graph | str = "", *, alone: bool = False, data: Path | None = None
) -> AsyncIterator[Coordinator]:
    """A coordinator that is in charge of the broker; unless it is `alone`, beside the data plane."""
    coordinator = Coordinator(broker.address, fbp_reader.parse(graph) if isinstance(graph, str) else graph, data=data)
    async with nullcontext() if alone else forwarding(broker), beside(coordinator.run()) as task:
        await until(lambda: task.done() or coordinator.in_charge.is_set())
        if task.done():
            await task
        yield coordinator


@asynccontextmanager
async def forwarding(broker: MemoryBroker) -> AsyncIterator[None]:
    """The data plane: a forwarder, and the built-in components."""
    forwarder = Forwarder(broker.address)
    await forwarder.start()
    try:
        async with running_components(broker):
            yield
    finally:
        await forwarder.stop()


@asynccontextmanager
async def running_components(broker: MemoryBroker) -> AsyncIterator[Components]:
    """The built-in components."""
    components = Components(broker.address)
    task = asyncio.create_task(components.run())
    try:
        await until(lambda: components.connected or task.done())
        yield components
    finally:
        await components.stop()
        await task


@asynccontextmanager
async def taking_part(*participants: Participant, broker: MemoryBroker, **options: Any) -> AsyncIterator[Session]:
    """Participants of ours, which are connected."""
    session = Session(participants, broker.url, **options)
    running = asyncio.create_task(session.run())
    try:
        await until(lambda: session.connected)
        yield session
    finally:
        await session.stop()
        await running


def edge_kind(coordinator: Coordinator, src: str, tgt: str) -> str:
    """The state of an edge by its dotted ends, such as `direct`."""
    for edge, state in coordinator.plan.edges:
        if (f"{edge.src.node}.{edge.src.port}", f"{edge.tgt.node}.{edge.tgt.port}") == (src, tgt):
            return state.kind
    return "absent"
