"""A fault of the program in one place: it is logged and told, and everything else goes on."""

from __future__ import annotations

import asyncio

import pytest

from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph.model import Graph
from msgflo_host.model.events import Notice, Reconciled
from msgflo_host.model.graphs import MAIN
from msgflo_host.util.guard import Guard
from simulation import running_components


def fail(*news: object) -> None:
    raise KeyError("of the test")


def test_a_fault_is_logged_with_its_place_and_reported_once(logged: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    wall = Guard(told.append)
    for _ in range(3):
        with wall("the work"):
            fail()
    assert told == ["a fault of the coordinator: the work has failed: KeyError; its log has the details"]
    (record,) = logged.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "the work has failed: KeyError")
    assert "in fail" in logged.text


@pytest.mark.parametrize("place", ["event", "preparation", "tick"])
async def test_the_coordinator_goes_on_though_one_who_is_reported_fails(
    place: str, logged: pytest.LogCaptureFixture
) -> None:
    news: list[str] = []

    async def main(broker: MemoryBroker) -> None:
        coordinator = Coordinator(broker.address, Graph("main"))
        coordinator.events.listen(Notice, lambda event: news.append(event.text))
        running = asyncio.create_task(coordinator.run())
        await until_alive(coordinator, "before")
        if place == "event":
            coordinator.events.listen(Reconciled, fail)
        elif place == "preparation":
            coordinator.after_binding.insert(0, fail)  # type: ignore[arg-type]
        else:
            coordinator.registry.tick = fail  # type: ignore[assignment,method-assign]
        coordinator.graphs.edit(MAIN, "addnode", {"id": "first", "component": "core/Repeat"})
        await until_alive(coordinator, "second")
        assert coordinator.registry.state("first") == "alive"
        while not news:
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def until_alive(coordinator: Coordinator, node: str) -> None:
        coordinator.graphs.edit(MAIN, "addnode", {"id": node, "component": "core/Repeat"})
        while coordinator.registry.state(node) != "alive":
            await asyncio.sleep(0.01)

    with MemoryBroker() as broker:
        async with asyncio.timeout(60), running_components(broker):
            await main(broker)
    assert all("has failed: KeyError; its log has the details" in line for line in news)
    assert "in fail" in logged.text
