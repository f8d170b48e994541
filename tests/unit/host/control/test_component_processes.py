"""Nodes of the graph whose components are in the folder: foreign devices, and what nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memory_broker import MemoryBroker
from msgflo_host.components.library import load
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.model.graphs import MAIN
from simulation import beside, coordinating, until

DEVICE = "component: x/Dev\n{id}inports: {{}}\noutports: {{{port}: {{queue: 'x/{port}'}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "msgflo.yaml").write_text("components: {x/Dev: dev.yml}\n")
    (tmp_path / "dev.yml").write_text(DEVICE.format(id="", port="on"))
    return tmp_path


@asynccontextmanager
async def running(broker: MemoryBroker, graph: str, folder: Path) -> AsyncIterator[Coordinator]:
    """A coordinator with the components of a folder."""
    async with coordinating(broker, graph) as coordinator:
        components = Components(load(folder), coordinator)
        async with beside(components.run()):
            coordinator.graphs.touch()
            yield coordinator


async def test_an_edited_foreign_device_is_announced_anew(folder: Path, broker: MemoryBroker) -> None:
    async with running(broker, "fan(x/Dev)\n", folder) as coordinator:

        def ports() -> list[str]:
            entry = coordinator.registry.get("fan")
            return [port.id for port in entry.participant.outports] if entry else []

        await until(lambda: ports() == ["on"])
        (folder / "dev.yml").write_text(DEVICE.format(id="", port="speed"))
        await until(lambda: ports() == ["speed"])


async def test_an_edit_that_names_a_device_twice_leaves_the_second_out(
    folder: Path, logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    (folder / "dev.yml").write_text(DEVICE.format(id="id: fixed\n", port="on"))
    async with running(broker, "one(x/Dev)\n", folder) as coordinator:
        await until(lambda: coordinator.registry.state("fixed") == "alive")
        coordinator.graphs.edit(MAIN, "addnode", {"id": "two", "component": "x/Dev"})
        await until(lambda: "its id 'fixed' is taken, so 'two' is left out" in logged.text)
        assert [entry.participant.role for entry in coordinator.registry.all()] == ["one"]
