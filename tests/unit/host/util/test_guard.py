"""A fault of the program in one place: it is logged and told, and everything else goes on."""

from __future__ import annotations

import asyncio
import time

import pytest

from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph.commands import Change
from msgflo_host.graph.model import Graph
from msgflo_host.model.events import GraphChanged, GraphEdited, Notice, Reconciled
from msgflo_host.model.graphs import MAIN, Graphs
from msgflo_host.util.guard import Guard
from simulation import running_components


def fail(*news: object) -> None:
    raise KeyError("of the test")


def test_a_fault_is_logged_with_its_place_and_told_once(logged: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    wall = Guard(told.append)
    for _ in range(3):
        with wall("the work"):
            fail()
    assert told == ["a fault of the coordinator: the work has failed: KeyError; its log has the details"]
    (record,) = logged.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "the work has failed: KeyError")
    assert "in fail" in logged.text


def test_a_fault_in_the_telling_of_a_fault_ends_nothing(logged: pytest.LogCaptureFixture) -> None:
    with Guard(fail)("the work"):
        fail()
    assert [record.getMessage() for record in logged.records] == [
        "the work has failed: KeyError",
        "reporting a fault has failed: KeyError",
    ]


def test_what_is_cancelled_ends_behind_a_wall_too() -> None:
    with pytest.raises(asyncio.CancelledError), Guard(fail)("the work"):
        raise asyncio.CancelledError


def test_an_edit_is_in_force_and_known_to_all_others_though_one_who_is_told_fails() -> None:
    graphs = Graphs(Graph("main"), time.monotonic)
    graphs.edit("other", "clear", {"id": "other"})
    told: list[list[Change]] = []
    edited: list[str] = []
    graphs.events.listen(GraphChanged, fail)
    graphs.events.listen(GraphChanged, lambda event: told.append(event.changes))
    graphs.events.listen(GraphEdited, lambda event: edited.append(event.graph))
    assert graphs.desired.graph.nodes == {}
    graphs.edit("other", "addnode", {"id": "lamp", "component": "demo/Lamp"})
    assert ([change.command for changes in told for change in changes], edited) == (["addnode"], ["other"])
    assert "lamp" in graphs.desired.graph.nodes


@pytest.mark.parametrize("place", ["event", "preparation", "tick"])
def test_the_coordinator_goes_on_though_one_who_is_told_fails(place: str, logged: pytest.LogCaptureFixture) -> None:
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

    async def bounded() -> None:
        with MemoryBroker() as broker:
            async with asyncio.timeout(60), running_components(broker):
                await main(broker)

    run_simulated(bounded)
    assert all("has failed: KeyError; its log has the details" in line for line in news)
    assert "in fail" in logged.text
