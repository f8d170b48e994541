"""Initial packets that are added while the coordinator applies something else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph import fbp_reader
from msgflo_host.model.graphs import MAIN
from simulation import taking_part
from systems import Sink


async def test_an_initial_packet_that_comes_while_others_are_brought_active_is_sent_afterwards() -> None:
    sink = Sink("sink")

    async def scenario(broker: MemoryBroker) -> None:
        coordinator = Coordinator(broker.address, fbp_reader.parse("sink(test/Sink)\n"))
        coordinator.graphs.edit("other", "clear", {})
        coordinator.graphs.edit("other", "addnode", {"id": "first", "component": "core/Repeat"})
        coordinator.graphs.start("other")  # as soon as there are two graphs, each change makes a new one of them
        busy, free = asyncio.Event(), asyncio.Event()

        async def prepare() -> None:
            if coordinator.registry.by_role("sink") and not free.is_set():
                busy.set()
                await free.wait()

        coordinator.after_binding.append(prepare)
        task = asyncio.create_task(coordinator.run())
        try:
            async with asyncio.timeout(30):
                await busy.wait()
            initial = {"src": {"data": "late"}, "tgt": {"node": "sink", "port": "in"}}
            coordinator.graphs.edit(MAIN, "addinitial", initial)
            free.set()
            async with asyncio.timeout(30):
                while not sink.received:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    with MemoryBroker() as broker:
        async with taking_part(sink, broker=broker):
            await scenario(broker)
    assert sink.received == ["late"]
