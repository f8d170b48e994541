"""Edits reach the file of the main graph by themselves, and never undo somebody's edit of it; the clock is the test's."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

import msgflo
from manual_loop import ManualLoop
from msgflo_host.control import auto_save
from msgflo_host.control.auto_save import AutoSave, live_file, restore
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph.graph_files import load, save, signature
from msgflo_host.graph.live_file import LiveFile
from msgflo_host.graph.model import Graph
from msgflo_host.graph.unsaved_edits import UnsavedEdits
from msgflo_host.model.events import Notice
from msgflo_host.model.graphs import MAIN

BROKEN = "mine(x/Mine)\noops ->\n"


class System:
    """A coordinator that nobody runs, without a broker, and the file of its graph."""

    def __init__(self, path: Path, *, save_takes_s: float = 0) -> None:
        self.path = path
        self.loop = ManualLoop()
        seen = signature(path)
        graph = load(path) if seen is not None else Graph("main")
        self.coordinator = Coordinator(msgflo.Broker.parse("mqtt://127.0.0.1:1"), graph)
        self.told: list[str] = []
        self.coordinator.events.listen(Notice, lambda event: self.told.append(event.text))
        self.file = live_file(self.coordinator, path, seen, clock=self.loop.time)
        self.journal = UnsavedEdits(path.parent.parent / ".msgflo", path)
        self.has_unsaved = restore(self.coordinator, self.file, self.journal)
        self.auto_save = AutoSave(
            self.coordinator,
            self.file,
            self.journal,
            loop=self.loop,  # type: ignore[arg-type]
            beside=lambda work, then: self.loop.call_later(save_takes_s, lambda: (work(), then())),
        )

    def edit(self, command: str, graph: str = MAIN, **payload: Any) -> None:
        self.coordinator.graphs.edit(graph, command, payload)

    def add(self, id: str, graph: str = MAIN) -> None:
        """As an editor does."""
        self.edit("addnode", graph, id=id, component="x/Y")

    def wait(self) -> None:
        """So long as an edit may wait to be saved, also where the file has just been written."""
        self.loop.advance(auto_save.DELAY_S + 2 * auto_save.BUSY_S)

    @property
    def nodes(self) -> list[str]:
        return sorted(self.coordinator.graph.nodes)


def saved(path: Path) -> list[str]:
    """The nodes in the file."""
    return sorted(load(path).nodes) if path.exists() else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "graphs"
    folder.mkdir()
    return folder


@pytest.fixture(params=["graph.fbp", "graph.json"])
def path(request: pytest.FixtureRequest, folder: Path) -> Path:
    return folder / str(request.param)


@pytest.fixture
def fbp(folder: Path) -> Path:
    return folder / "graph.fbp"


def test_a_burst_of_edits_is_written_once_within_a_second(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[list[str]] = []
    begin = LiveFile.begin
    monkeypatch.setattr(
        LiveFile, "begin", lambda self, graph: written.append(sorted(graph.nodes)) or begin(self, graph)
    )
    system = System(path)
    for number in range(10):
        system.add(f"n{number}")
        system.loop.advance(0.0999)
    assert len(written) == 1, "edits that go on and on put nothing off"
    assert saved(path) == [f"n{number}" for number in range(6)]
    system.wait()
    assert saved(path) == [f"n{number}" for number in range(10)]
    assert len(written) == 2


def test_a_file_that_takes_long_to_write_is_written_less_often_while_it_is_edited(path: Path) -> None:
    system = System(path, save_takes_s=2)
    system.add("a")
    system.loop.advance(auto_save.DELAY_S + 2)
    assert saved(path) == ["a"]
    system.add("b")
    system.loop.advance(3 * 2 + 1.9)
    assert saved(path) == ["a"]
    system.loop.advance(0.2)
    assert saved(path) == ["a", "b"]


def test_at_the_end_what_waits_is_written_at_once(path: Path) -> None:
    system = System(path)
    system.add("a")
    system.auto_save.finish()
    assert saved(path) == ["a"]
    path.unlink()
    system.auto_save.finish()
    assert not path.exists(), "there was nothing to write"


def test_what_is_edited_and_watched_while_a_save_is_under_way_is_not_lost(path: Path) -> None:
    works: list[Any] = []
    system = System(path)
    system.auto_save._beside = lambda work, then: works.append((work, then))  # type: ignore[method-assign]
    system.add("a")
    system.wait()
    work, then = works.pop()
    work()
    assert saved(path) == ["a"]
    system.add("b")
    assert system.file.take_over(), "our own writing is nobody's edit"
    system.edit("removenode", id="a")
    system.wait()
    assert works == [], "one at a time"
    then()
    assert system.file.unsaved
    system.wait()
    works.pop()[0]()
    system.auto_save.finish()
    assert saved(path) == system.nodes == ["b"]
    assert not system.file.unsaved


def test_what_somebody_writes_while_a_save_is_under_way_is_not_overwritten(path: Path) -> None:
    works: list[Any] = []
    save(path, Graph())
    system = System(path)
    system.auto_save._beside = lambda work, then: works.append((work, then))  # type: ignore[method-assign]
    system.add("ours")
    system.wait()
    theirs = Graph()
    theirs.add_node("theirs", "x/Y")
    save(path, theirs)
    work, then = works.pop()
    work()
    assert saved(path) == ["theirs"]
    then()
    assert system.told == [], "it is nobody's trouble"
    system.wait()
    work, then = works.pop()
    work()
    then()
    assert saved(path) == system.nodes == ["ours", "theirs"]


def test_other_graphs_are_not_written(path: Path) -> None:
    system = System(path)
    system.edit("clear", "other")
    system.add("a", "other")
    system.wait()
    assert not path.exists()
    system.add("b")
    system.wait()
    assert saved(path) == ["b"]


def test_an_edit_that_is_undone_leaves_the_file_as_it_was_written(path: Path) -> None:
    save(path, Graph())
    written = {
        ".fbp": "# two\na(core/Not) OUT -> IN b(core/Not) # joined\n\n\n'true' -> IN a\n",
        ".json": """{"processes": {"a": {"component": "core/Not"}, "b":   {"component": "core/Not"}},
          "connections": [{"src": {"process": "a", "port": "out"},   "tgt": {"process": "b", "port": "in"}},
          {"data": true, "tgt": {"process": "a", "port": "in"}}]}""",
    }[path.suffix]
    path.write_text(written)
    system = System(path)
    edge = system.coordinator.graph.edges[0]
    ends = {side: {"node": ref.node, "port": ref.port} for side, ref in (("src", edge.src), ("tgt", edge.tgt))}
    initial = system.coordinator.graph.initials_at("a")[0]
    system.edit("removenode", id="a")
    system.wait()
    assert path.read_text() != written
    system.add("c")
    system.wait()
    system.edit("removenode", id="c")
    system.edit("addnode", id="a", component="core/Not")
    system.edit("addedge", **ends)
    system.edit("addinitial", src={"data": initial.data}, tgt={"node": "a", "port": initial.tgt.port})
    system.wait()
    assert path.read_text() == written
    assert not system.file.unsaved


def test_discovered_participants_are_written_once_somebody_joins_them(path: Path) -> None:
    save(path, Graph())
    system = System(path)
    before = path.read_text()
    system.coordinator.graphs.is_own = lambda component: component == "x/Command"
    system.coordinator.graphs.discovered({"lamp": "x/Lamp", "forged": "x/Command"})
    system.wait()
    assert path.read_text() == before
    assert system.nodes == [], "nothing is run either"
    assert system.coordinator.graphs.found == {"lamp": "x/Lamp", "forged": "x/Command"}
    system.add("button")
    system.edit("addedge", src={"node": "button", "port": "out"}, tgt={"node": "lamp", "port": "on"})
    system.wait()
    assert saved(path) == system.nodes == ["button", "lamp"]


def test_places_of_an_fbp_file_stand_beside_it(fbp: Path) -> None:
    fbp.write_text("b(x/B)\na(x/A:x=5,y=6)\n")
    system = System(fbp)
    system.edit("changenode", id="b", metadata={"x": 100, "y": 200})
    system.wait()
    assert fbp.read_text() == "b(x/B)\na(x/A:x=5,y=6)\n"
    places = fbp.with_name("graph.places.json")
    assert places.read_text() == '{\n  "b": {"x": 100, "y": 200}\n}\n'
    system.edit("changenode", id="a", metadata={"x": 7})
    system.edit("renamenode", **{"from": "b", "to": "c"})
    system.wait()
    assert fbp.read_text() == "c(x/B)\na(x/A:x=7,y=6)\n", "what its author has placed in the text stays there"
    assert places.read_text() == '{\n  "c": {"x": 100, "y": 200}\n}\n'
    again = System(fbp)
    assert again.coordinator.graphs.main.graph.nodes["c"].metadata == {"x": 100, "y": 200}
    assert not again.file.unsaved


def test_a_node_keeps_its_place_while_its_line_is_commented_out_or_has_another_name(fbp: Path) -> None:
    fbp.write_text("a(x/A) OUT -> IN b(x/B)\nc(x/C)\n")
    system = System(fbp)
    for id, x in (("a", 1), ("b", 2), ("c", 3)):
        system.edit("changenode", id=id, metadata={"x": x, "y": 7})
    system.wait()
    fbp.write_text("a(x/A)\n# b(x/B)\nchair(x/C)\n")
    system.add("d")
    system.wait()
    nodes = system.coordinator.graphs.main.graph.nodes
    assert nodes["chair"].metadata == {"x": 3, "y": 7}
    fbp.write_text("a(x/A) OUT -> IN b(x/B)\nchair(x/C)\nd(x/Y)\n")
    again = System(fbp)
    places = {id: node.metadata for id, node in again.coordinator.graphs.main.graph.nodes.items()}
    assert places == {"a": {"x": 1, "y": 7}, "b": {"x": 2, "y": 7}, "chair": {"x": 3, "y": 7}, "d": {}}
    again.edit("removenode", id="b")
    again.wait()
    again.add("b")
    again.wait()
    assert "x" not in System(fbp).coordinator.graphs.main.graph.nodes["b"].metadata, (
        "an editor has removed the other one"
    )


def test_a_file_is_not_replaced_while_somebody_writes_it(fbp: Path) -> None:
    fbp.write_text("a(x/A)\nb(x/B)\n")
    system = System(fbp)
    with fbp.open("w") as file:  # as scp, which has come to the end of a line
        file.write("a(x/A)\n")
        file.flush()
        system.add("ours")
        system.loop.advance(auto_save.DELAY_S)
        file.write("b(x/B)\n")
        file.flush()
        system.loop.advance(auto_save.BUSY_S)
        assert fbp.read_text() == "a(x/A)\nb(x/B)\n"
        assert system.nodes == ["a", "b", "ours"]
        file.write("c(x/C)\n")
    system.wait()
    assert fbp.read_text() == "a(x/A)\nb(x/B)\nc(x/C)\nours(x/Y)\n"
    assert system.told == []


def test_what_is_not_written_at_the_end_since_somebody_else_writes_is_stored(
    fbp: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fbp.write_text("a(x/A)\n")
    system = System(fbp)
    system.add("ours")
    fbp.write_text("a(x/A)\ntheirs(x/Y)\n")
    system.auto_save.finish()
    assert caplog.messages == [
        f"{fbp}: somebody is writing it just now: try again in a moment (the edits are kept in {system.journal.path})"
    ]
    again = System(fbp)
    assert again.nodes == ["a", "ours", "theirs"]


def test_places_with_a_mistake_are_logged_once_and_not_written_over(fbp: Path) -> None:
    fbp.write_text("a(x/A)\n")
    places = fbp.with_name("graph.places.json")
    places.write_text('{"a": {"x": }}')
    system = System(fbp)
    system.edit("changenode", id="a", metadata={"x": 1})
    system.add("b")
    system.wait()
    system.loop.advance(100)
    assert places.read_text() == '{"a": {"x": }}'
    assert saved(fbp) == ["a", "b"], "the graph is saved all the same"
    mistake = f"{places}:1:13: not JSON: Expecting value"
    assert system.told == [
        f"{mistake} (nodes stay where they were, and no places are saved before this is mended)",
        f"the places of nodes are not saved: {mistake} (no places are saved before this is mended) "
        f"(the edits are kept in {system.journal.path})",
    ]
    places.write_text("{}")
    system.loop.advance(100)
    assert places.read_text() == '{\n  "a": {"x": 1}\n}\n'
    assert not system.journal.path.exists()


def test_an_edit_of_the_file_is_brought_together_with_what_was_not_written_yet(path: Path) -> None:
    system = System(path)
    system.add("first")
    system.wait()
    system.add("ours")
    other = Graph("main")
    other.add_node("theirs", "x/Y")
    save(path, other)
    system.wait()
    assert saved(path) == system.nodes == ["ours", "theirs"]
    system.add("later")
    system.wait()
    assert saved(path) == ["later", "ours", "theirs"]


def test_a_file_with_a_mistake_is_left_alone_until_it_is_mended(fbp: Path, caplog: pytest.LogCaptureFixture) -> None:
    system = System(fbp)
    fbp.write_text(BROKEN)
    system.add("ours")
    system.wait()
    assert any("nothing is saved before this is mended" in message for message in caplog.messages)
    system.auto_save.finish()
    assert fbp.read_text() == BROKEN
    assert system.nodes == ["ours"]
    fbp.write_text("mine(x/Mine)\n")
    system.add("more")
    system.wait()
    assert saved(fbp) == ["mine", "more", "ours"]
    assert any(message.startswith(f"{fbp}:2:") for message in caplog.messages)


def test_what_could_not_be_written_is_tried_again_and_each_trouble_is_reported_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    system = System(path)
    shutil.rmtree(path.parent)
    system.add("a")
    for _ in range(20):
        system.loop.advance(auto_save.LONGEST_RETRY_S)
    not_saved = f"{path}: cannot be written: No such file or directory (the edits are kept in {system.journal.path})"
    gone = [f"{path} is gone (the graph stays as it was)"]
    assert [text for text in system.told if text not in gone] == [f"not saved: {not_saved}"]
    assert caplog.messages.count(not_saved) == 1
    assert system.auto_save.trouble == f"not saved: {not_saved}"
    path.parent.mkdir()
    system.loop.advance(auto_save.LONGEST_RETRY_S)
    assert saved(path) == ["a"]
    assert system.told[-1] == f"{path}: saved"
    assert system.auto_save.trouble == ""
    assert not system.journal.path.exists()


def test_a_write_protected_file_stays_as_it_is(path: Path) -> None:
    save(path, Graph())
    path.chmod(0o444)
    before = path.read_bytes()
    system = System(path)
    system.add("a")
    system.wait()
    assert path.read_bytes() == before
    assert system.told == [
        f"not saved: {path}: cannot be written: it is write-protected (the edits are kept in {system.journal.path})"
    ]


def test_edits_that_could_not_be_written_are_taken_up_at_the_next_start(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(path, Graph())
    path.chmod(0o444)
    system = System(path)
    system.add("ours")
    system.wait()
    system.add("last")
    system.wait()
    path.chmod(0o644)
    theirs = Graph()
    theirs.add_node("theirs", "x/Y")
    save(path, theirs)
    caplog.clear()
    again = System(path)  # and the other was killed
    assert again.nodes == ["last", "ours", "theirs"]
    assert again.has_unsaved
    assert again.file.unsaved
    taken_up = f"{path}: edits that could not be written are taken up from {again.journal.path}"
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [taken_up]
    again.auto_save.save_soon()
    again.wait()
    assert saved(path) == ["last", "ours", "theirs"]
    assert not again.journal.path.exists()
    assert not System(path).has_unsaved


def test_a_damaged_journal_is_logged_and_keeps_nothing_from_starting(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = UnsavedEdits(path.parent.parent / ".msgflo", path)
    journal.path.parent.mkdir()
    journal.path.write_text('{"graph": {"processes"')
    assert not System(path).has_unsaved
    aside = journal.path.with_suffix(".damaged")
    mistake = "Expecting ':' delimiter: line 1 column 23 (char 22)"
    assert caplog.messages == [
        f"{journal.path}: edits that were kept cannot be taken up: {mistake} (it is {aside.name} now)"
    ]
    assert aside.read_text() == '{"graph": {"processes"'


def test_each_file_has_a_journal_of_its_own(tmp_path: Path) -> None:
    one, other = (UnsavedEdits(tmp_path, tmp_path / name / "graph.fbp") for name in "ab")
    one.store(Graph(), Graph("mine"))
    assert other.read() is None
    kept = one.read()
    assert kept is not None
    assert kept[1].name == "mine"
