"""`--auto-save` and network:persist: edits reach the file of the main graph, and never undo somebody's edit of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import msgflo
from brokers import Broker
from editors import Refused, editor, run
from msgflo_host import auto_save
from msgflo_host.auto_save import AutoSave
from msgflo_host.cli import cli
from msgflo_host.coordinator import Coordinator
from msgflo_host.graph import live
from msgflo_host.graph.files import load, save, signature
from msgflo_host.graph.live import LiveFile
from msgflo_host.graph.model import Graph
from msgflo_host.graphs import MAIN
from systems import Coordinator as Run

BROKEN = "mine(x/Mine)\noops ->\n"


class System:
    """A coordinator in this process, without a broker, and the file of its graph."""

    def __init__(self, path: Path) -> None:
        self.path = path
        seen = signature(path)
        graph = load(path) if seen is not None else Graph("main")
        self.coordinator = Coordinator(msgflo.Broker.parse("mqtt://127.0.0.1:1"), graph)
        self.file = LiveFile(
            path, lambda: self.coordinator.graphs.main.graph, self.coordinator.replace_graph, seen=seen
        )
        self.auto_save = AutoSave(self.coordinator, self.file)

    def add(self, id: str, graph: str = MAIN) -> None:
        """As an editor does."""
        self.coordinator.graphs.edit(graph, "addnode", {"id": id, "component": "x/Y"})

    @property
    def nodes(self) -> list[str]:
        return sorted(self.coordinator.graph.nodes)


def saved(path: Path) -> list[str]:
    """The nodes in the file."""
    return sorted(load(path).nodes) if path.exists() else []


async def soon(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_save, "DELAY_S", 0.05)


@pytest.fixture(params=["graph.fbp", "graph.json"])
def path(request: pytest.FixtureRequest, tmp_path: Path, quick: None) -> Path:
    return tmp_path / str(request.param)


def in_loop(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(40):
            await scenario()

    asyncio.run(bounded())


def test_a_burst_of_edits_is_written_once_a_moment_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_save, "DELAY_S", 0.5)  # longer than a burst takes on a busy machine
    written: list[list[str]] = []
    save = LiveFile.save
    monkeypatch.setattr(LiveFile, "save", lambda self, graph: written.append(sorted(graph.nodes)) or save(self, graph))

    async def scenario() -> None:
        system = System(path)
        system.add("a")
        await asyncio.sleep(0)
        system.add("b")
        assert not path.exists()
        await soon(lambda: saved(path) == ["a", "b"])
        system.add("c")
        await soon(lambda: saved(path) == ["a", "b", "c"])

    in_loop(scenario)
    assert written == [["a", "b"], ["a", "b", "c"]]


def test_at_the_end_what_waits_is_written_at_once(path: Path) -> None:
    async def scenario() -> None:
        system = System(path)
        system.add("a")
        system.auto_save.finish()
        assert saved(path) == ["a"]
        path.unlink()
        system.auto_save.finish()
        assert not path.exists(), "there was nothing to write"

    in_loop(scenario)


def test_other_graphs_are_not_written(path: Path) -> None:
    async def scenario() -> None:
        system = System(path)
        system.coordinator.graphs.edit("other", "clear", {})
        system.add("a", "other")
        await asyncio.sleep(2 * auto_save.DELAY_S)
        assert not path.exists()
        system.add("b")
        await soon(lambda: saved(path) == ["b"])

    in_loop(scenario)


def test_participants_that_come_are_written_whatever_they_are_called(path: Path) -> None:
    there = {"lamp": "x/Lamp", "Küche/lampe 1": "c-base/tür öffner", "-x": "y", "# no": "'"}

    async def scenario() -> None:
        system = System(path)
        system.coordinator.graphs.discovered(there)
        await soon(lambda: saved(path) == sorted(there))

    in_loop(scenario)
    assert {node.id: node.component for node in load(path).nodes.values()} == there


def test_an_edit_of_the_file_is_brought_together_with_what_was_not_written_yet(path: Path) -> None:
    async def scenario() -> None:
        system = System(path)
        system.add("first")
        await soon(path.exists)
        system.add("ours")
        other = Graph("main")
        other.add_node("theirs", "x/Y")
        save(path, other)
        await soon(lambda: saved(path) == ["ours", "theirs"])
        assert system.nodes == ["ours", "theirs"]
        system.add("later")
        await soon(lambda: saved(path) == ["later", "ours", "theirs"])

    in_loop(scenario)


@pytest.mark.usefixtures("quick")
def test_a_file_with_a_mistake_is_left_alone_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "graph.fbp"

    async def scenario() -> None:
        system = System(path)
        path.write_text(BROKEN)
        system.add("ours")
        await soon(lambda: any("nothing is saved before this is mended" in message for message in caplog.messages))
        system.auto_save.finish()
        assert path.read_text() == BROKEN
        assert system.nodes == ["ours"]
        path.write_text("mine(x/Mine)\n")
        assert system.file.take_over()
        system.add("more")
        await soon(lambda: saved(path) == ["mine", "more", "ours"])

    in_loop(scenario)
    assert any(message.startswith(f"{path}:2:") for message in caplog.messages)


@pytest.mark.usefixtures("quick")
def test_a_file_with_a_mistake_that_was_taken_away_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "graph.fbp"

    async def scenario() -> None:
        system = System(path)
        path.write_text(BROKEN)
        assert not system.file.take_over()
        path.unlink()
        system.add("a")
        await soon(path.exists)
        assert system.file.trouble is None
        system.add("b")
        await soon(lambda: saved(path) == ["a", "b"])

    in_loop(scenario)


@pytest.mark.usefixtures("quick")
def test_what_could_not_be_written_is_written_at_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "folder"
    path = folder / "graph.fbp"

    async def scenario() -> None:
        system = System(path)
        system.add("a")
        await soon(lambda: f"{path}: cannot be written: No such file or directory" in caplog.messages)
        folder.mkdir()
        system.auto_save.finish()
        assert saved(path) == ["a"]

    in_loop(scenario)


@pytest.mark.usefixtures("quick")
def test_what_could_not_be_written_is_tried_again_and_each_trouble_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    path = folder / "graph.fbp"
    told: list[str] = []

    async def scenario() -> None:
        system = System(path)
        system.coordinator.on_news.append(told.append)
        tries: list[Path] = []
        monkeypatch.setattr(live, "save", lambda path, graph: tries.append(path) or save(path, graph))
        system.add("a")
        await soon(lambda: len(tries) > 2)
        folder.mkdir()
        await soon(lambda: saved(path) == ["a"])

    in_loop(scenario)
    assert told == [f"not saved: {path}: cannot be written: No such file or directory", f"{path}: saved"]


# -- the program --


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.fbp"
    path.write_text("# by hand\nmine(x/Mine)\n")
    return path


@pytest.fixture
def system(graph: Path, broker: Broker) -> Iterator[Run]:
    with Run(graph, "--plain", broker=broker.url, cwd=graph.parent) as running:
        running.wait(lambda status: status["connected"])
        yield running


def test_an_edit_just_before_the_end_is_in_the_file(graph: Path, broker: Broker) -> None:
    async def main() -> None:
        async with editor(running.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="last", component="core/Not")

    with Run(graph, "--plain", "--auto-save", broker=broker.url, cwd=graph.parent) as running:
        running.wait(lambda status: status["connected"])
        run(main)
        assert running.stop() == 0
    assert saved(graph) == ["last", "mine"]


def test_persist_writes_the_main_graph_and_only_then(system: Run, graph: Path) -> None:
    before = graph.read_text()

    async def main() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
            await client.ask("graph", "clear", id="other")
            await client.ask("graph", "addnode", graph="other", id="elsewhere", component="core/Not")
            await asyncio.sleep(2 * auto_save.DELAY_S)
            assert graph.read_text() == before
            assert await client.ask("network", "persist") == {}
            assert saved(graph) == ["mine", "new"]

    run(main)


def test_that_edits_are_not_in_the_file_is_told_until_they_are(system: Run, graph: Path) -> None:
    async def main() -> None:
        async with editor(system.port) as client:
            assert system.status()["unsaved"] is False
            await client.ask("graph", "clear", id="other")
            assert system.status()["unsaved"] is False
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
            assert system.status()["unsaved"] is True
            await client.ask("graph", "removenode", graph=MAIN, id="new")
            assert system.status()["unsaved"] is False, "it was undone"
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
            assert system.status()["unsaved"] is True
            await client.ask("network", "persist")
            assert system.status()["unsaved"] is False
            await client.ask("graph", "addnode", graph=MAIN, id="more", component="core/Not")
            graph.write_text(graph.read_text() + "theirs(x/Theirs)\n")
            await client.told("graph", "addnode", id="theirs")
            assert system.status()["unsaved"] is True
            graph.write_text(graph.read_text() + "more(core/Not)\nothers(x/Others)\n")
            await client.told("graph", "addnode", id="others")
            assert system.status()["unsaved"] is False, "somebody has written it by hand"

    run(main)


def test_where_there_is_no_file_nothing_is_told_of_what_it_holds(broker: Broker, tmp_path: Path) -> None:
    with Run("--plain", broker=broker.url, cwd=tmp_path) as running:
        assert running.wait(lambda status: status["connected"])["unsaved"] is None


def test_what_was_written_into_the_file_by_hand_and_by_an_editor_is_in_both(system: Run, graph: Path) -> None:
    async def main() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="precious", component="core/Not")
            graph.write_text(graph.read_text() + "theirs(x/Theirs)\n")
            await client.told("graph", "addnode", id="theirs")
            await client.ask("graph", "addnode", graph=MAIN, id="next", component="core/Not")
            graph.write_text(graph.read_text().replace("theirs(x/Theirs)", "others(x/Others)"))
            assert await client.ask("network", "persist") == {}
            assert saved(graph) == ["mine", "next", "others", "precious"]
            assert client.all("graph", "removenode") == [{"graph": MAIN, "id": "theirs"}]

    run(main)


def test_persist_is_refused_where_it_would_undo_an_edit(system: Run, graph: Path) -> None:
    async def main() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")
            graph.write_text(BROKEN)
            with pytest.raises(Refused, match=r"graph\.fbp:2:.* \(nothing is saved before this is mended\)"):
                await client.ask("network", "persist")
            assert graph.read_text() == BROKEN

    run(main)


def test_persist_is_refused_without_a_file(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with editor(running.port) as client:
            with pytest.raises(Refused, match="was started without the file of a graph, so there is none to save to"):
                await client.ask("network", "persist")

    with Run("--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(lambda status: status["connected"])
        run(main)


def test_auto_save_without_a_graph_is_refused() -> None:
    done = CliRunner().invoke(cli, ["run", "--auto-save"])
    assert done.exit_code == 2
    assert "--auto-save needs the GRAPH whose file is written" in done.output
