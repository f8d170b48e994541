"""An editor asks that the file of the main graph be saved; what it is told then, and of the file; the clock is the test's."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors import Refused
from local_system import LocalSystem
from msgflo_host.graph.graph_files import load
from msgflo_host.model.graphs import MAIN

BROKEN = "mine(x/Mine)\noops ->\n"


def saved(path: Path) -> list[str]:
    """The nodes in the file."""
    return sorted(load(path).nodes)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.fbp"
    path.write_text("# by hand\nmine(x/Mine)\n")
    return path


@pytest.fixture
def system(graph: Path) -> LocalSystem:
    """One that saves when it is asked to."""
    return LocalSystem(graph)


async def test_persist_writes_the_main_graph_and_only_then(system: LocalSystem, graph: Path) -> None:
    before = graph.read_text()
    async with system.editor() as client:
        await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
        await client.ask("graph", "clear", id="other")
        await client.ask("graph", "addnode", graph="other", id="elsewhere", component="core/Not")
        assert graph.read_text() == before
        assert await client.ask("network", "persist") == {}
        assert saved(graph) == ["mine", "new"]


async def test_that_edits_are_not_in_the_file_is_reported_until_they_are(system: LocalSystem, graph: Path) -> None:
    async with system.editor() as client:
        assert not system.is_unsaved
        await client.ask("graph", "clear", id="other")
        assert not system.is_unsaved
        await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
        assert system.is_unsaved
        await client.ask("graph", "removenode", graph=MAIN, id="new")
        assert not system.is_unsaved, "it was undone"
        await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
        assert system.is_unsaved
        await client.ask("network", "persist")
        assert not system.is_unsaved
        await client.ask("graph", "addnode", graph=MAIN, id="more", component="core/Not")
        graph.write_text(graph.read_text() + "theirs(x/Theirs)\n")
        await client.told("graph", "addnode", id="theirs")
        assert system.is_unsaved
        graph.write_text(graph.read_text() + "more(core/Not)\nothers(x/Others)\n")
        await client.told("graph", "addnode", id="others")
        assert not system.is_unsaved, "somebody has written it by hand"


async def test_what_was_written_into_the_file_by_hand_and_by_an_editor_is_in_both(
    system: LocalSystem, graph: Path
) -> None:
    async with system.editor() as client:
        await client.ask("graph", "addnode", graph=MAIN, id="precious", component="core/Not")
        graph.write_text(graph.read_text() + "theirs(x/Theirs)\n")
        await client.told("graph", "addnode", id="theirs")
        await client.ask("graph", "addnode", graph=MAIN, id="next", component="core/Not")
        graph.write_text(graph.read_text().replace("theirs(x/Theirs)", "others(x/Others)"))
        with pytest.raises(Refused, match="somebody is writing it just now: try again in a moment"):
            await client.ask("network", "persist")
        await client.told("graph", "addnode", id="others")
        assert await client.ask("network", "persist") == {}
        assert saved(graph) == ["mine", "next", "others", "precious"]
        assert client.all("graph", "removenode") == [{"graph": MAIN, "id": "theirs"}]


async def test_persist_is_refused_where_it_would_undo_an_edit(system: LocalSystem, graph: Path) -> None:
    async with system.editor() as client:
        await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
        graph.write_text(BROKEN)
        await client.told("network", "output")
        with pytest.raises(Refused, match=r"graph\.fbp:2:.* \(nothing is saved before this is mended\)"):
            await client.ask("network", "persist")
        assert graph.read_text() == BROKEN
