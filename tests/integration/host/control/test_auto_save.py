"""`msgflo run` saves edits by itself, or with `--no-save` when an editor asks for it; never over somebody's edit of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers import Broker
from editors import editor, run
from msgflo_host.graph.graph_files import load
from msgflo_host.model.graphs import MAIN
from systems import Coordinator as Run
from systems import node, until


def saved(path: Path) -> list[str]:
    """The nodes in the file."""
    return sorted(load(path).nodes)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.fbp"
    path.write_text("# by hand\nmine(x/Mine)\n")
    return path


def test_with_no_save_it_is_saved_when_an_editor_asks_for_it(graph: Path, broker: Broker) -> None:
    before = graph.read_text()

    async def main() -> None:
        async with editor(running.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
            assert running.status()["unsaved"] is True
            assert graph.read_text() == before
            assert await client.ask("network", "persist") == {}
            assert running.status()["unsaved"] is False
            assert saved(graph) == ["mine", "new"]

    with Run(graph, "--plain", "--no-save", broker=broker.url, cwd=graph.parent) as running:
        running.wait(lambda status: status["connected"])
        run(main)


def test_what_was_edited_is_there_after_a_kill(graph: Path, broker: Broker) -> None:
    async def edit() -> None:
        async with editor(running.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not", metadata={"x": 5, "y": 6})

    running = Run(graph, "--plain", broker=broker.url, cwd=graph.parent)
    running.start()
    running.wait(lambda status: status["connected"])
    run(edit)
    until(lambda: saved(graph) == ["mine", "new"] and graph.with_name("graph.places.json").exists())
    running.kill()
    assert graph.read_text() == "# by hand\nmine(x/Mine)\nnew(core/Not)\n"
    with running:
        status = running.wait(lambda status: status["connected"] and node(status, "new")["state"] == "alive")
        assert status["unsaved"] is False


def test_what_could_not_be_written_is_there_after_a_kill(graph: Path, broker: Broker) -> None:
    async def edit() -> None:
        async with editor(running.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")

    graph.chmod(0o444)
    running = Run(graph, "--plain", broker=broker.url, cwd=graph.parent)
    running.start()
    running.wait(lambda status: status["connected"])
    run(edit)
    until(lambda: "it is write-protected (the edits are kept in .msgflo/unsaved-graph-" in running.output)
    running.kill()
    graph.chmod(0o644)
    with running:
        until(lambda: saved(graph) == ["mine", "new"])
        assert "edits that could not be written are taken up from .msgflo/unsaved-graph-" in running.output
        until(lambda: not list((graph.parent / ".msgflo").glob("unsaved-*")))
