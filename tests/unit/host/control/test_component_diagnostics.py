"""A node whose component nobody has is reported, by the names that are known at that moment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fbp_service import joined, read, service_of
from msgflo import Broker
from msgflo_host.components.library import Library, load
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.fbp.envelope import Request
from msgflo_host.graph.model import Graph
from msgflo_host.model.events import Reconciled
from msgflo_host.model.graphs import MAIN
from msgflo_host.wire.discovery import Participant

QUESTION = "; did you mean demo/Lamp?"
UNKNOWN = f'waits for a participant of this role: the library has no component "demo/Lmap"{QUESTION}'
RENAMED = f'is "demo/Lmap" in the graph, but "demo/Lamp" by its own words{QUESTION}'


class System:
    """A coordinator that nobody runs, with one node, its library and an editor."""

    def __init__(self, component: str, library: Library) -> None:
        graph = Graph()
        graph.add_node("lamp", component)
        self.coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:1"), graph)
        self.components = Components(library, self.coordinator)
        self.service = service_of(self.coordinator, self.components)
        self.editor = joined(self.service)

    def join(self, role: str, component: str, **more: str) -> None:
        self.coordinator.registry.discovered(Participant(role, role, component, **more), time.monotonic())

    def rename(self, component: str) -> None:
        graph = Graph()
        graph.add_node("lamp", component)
        self.coordinator.replace_graph(graph)

    async def look(self) -> str | None:
        await self.components._diagnostics.update()
        self.coordinator.events.emit(Reconciled())
        return self.coordinator.node_errors.get("lamp")

    def told(self) -> list[str]:
        """What the editor is told of the node: errors and icons."""
        payloads = [frame["payload"] for frame in read(self.editor) if frame["command"] in ("icon", "processerror")]
        return [payload.get("error") or payload["icon"] for payload in payloads]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "msgflo.yaml").write_text('components: {demo/Lamp: "program #ROLE"}\n')
    return load(tmp_path)


async def test_a_component_that_nobody_has_is_reported_with_those_like_it(library: Library) -> None:
    system = System("demo/Lmap", library)
    assert await system.look() == UNKNOWN
    assert system.told() == [UNKNOWN]


async def test_without_a_library_it_is_reported_once_a_participant_has_a_name_like_it() -> None:
    system = System("demo/Lmap", Library())
    assert await system.look() is None
    system.join("other", "demo/Lamp")
    text = f'waits for a participant of this role: none has the component "demo/Lmap"{QUESTION}'
    assert await system.look() == text


async def test_what_a_participant_has_is_no_slip(library: Library) -> None:
    system = System("demo/Lamps", library)
    system.join("other", "demo/Lamps")
    text = 'waits for a participant of this role: the library has no component "demo/Lamps"'
    assert await system.look() == text


@pytest.mark.parametrize("state", ["alive", "lost"])
async def test_a_name_that_is_misspelt_while_it_runs_is_reported_whatever_its_participant_does(
    library: Library, state: str
) -> None:
    system = System("demo/Lamp", library)
    system.join("lamp", "demo/Lamp", connection="c")
    assert await system.look() is None
    system.rename("demo/Lmap")
    await system.look()
    assert system.told()[-1] == RENAMED
    if state == "lost":
        system.coordinator.registry.connection("c", "lost", time.monotonic())
    assert await system.look() == RENAMED
    assert set(system.told()) <= {RENAMED, "chain-broken"}
    system.editor = joined(system.service)
    system.service.dispatcher.handle(system.editor, Request("network", "getstatus", {"graph": MAIN}))
    assert system.told()[-1] == RENAMED


async def test_an_error_that_is_mended_is_over_for_editors(library: Library) -> None:
    system = System("demo/Lmap", library)
    system.join("lamp", "demo/Lamp")
    assert await system.look() == RENAMED
    assert system.told()[-1] == RENAMED
    system.rename("demo/Lamp")
    assert await system.look() is None
    assert system.told() == ["cog"]
