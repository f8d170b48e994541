"""Graph files: by suffix, whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph import graph_files
from msgflo_host.graph.model import Graph, PortRef


@pytest.fixture
def graph() -> Graph:
    graph = Graph("demo")
    graph.add_node("lamp", "demo/Lamp", {"label": "Lámpara"})
    graph.add_initial(False, PortRef("lamp", "on"))
    return graph


@pytest.mark.parametrize("name", ["graph.fbp", "graph.json", "Graph.JSON"])
def test_a_saved_graph_is_loaded_again(tmp_path: Path, graph: Graph, name: str) -> None:
    graph_files.save(tmp_path / name, graph)
    assert graph_files.load(tmp_path / name) == graph
    assert os.listdir(tmp_path) == [name]


def test_other_suffixes_are_refused_with_those_that_are_allowed(tmp_path: Path, graph: Graph) -> None:
    (tmp_path / "there").write_text("")
    ends = "graph files end in .fbp or .json"
    for name, text in (
        ("graph.yml", f"{ends}, not in '.yml'"),
        ("there", f"{ends}, not in 'nothing'"),
        ("absent", f"there is no folder of that name, and {ends}"),
    ):
        for action in (lambda path: graph_files.load(path), lambda path: graph_files.save(path, graph)):
            with pytest.raises(GraphError, match=rf"{name}: {text}$"):
                action(tmp_path / name)


def test_mode_and_link_of_the_file_stay(tmp_path: Path, graph: Graph) -> None:
    real, link = tmp_path / "real.fbp", tmp_path / "link.fbp"
    real.write_text("")
    real.chmod(0o640)
    link.symlink_to("real.fbp")
    graph_files.save(link, graph)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert graph_files.load(real) == graph


def test_a_new_file_has_the_usual_mode(tmp_path: Path, graph: Graph) -> None:
    mask = os.umask(0o027)
    try:
        graph_files.save(tmp_path / "graph.fbp", graph)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "graph.fbp").stat().st_mode) == 0o640


def test_saving_the_same_again_leaves_the_file_alone(tmp_path: Path, graph: Graph) -> None:
    path = tmp_path / "graph.json"
    graph_files.save(path, graph)
    before = graph_files.signature(path)
    graph_files.save(path, graph)
    assert graph_files.signature(path) == before
    graph.add_node("button", "demo/Button")
    graph_files.save(path, graph)
    assert graph_files.signature(path) != before


def test_when_saving_fails_the_old_file_stays(tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.fbp"
    graph_files.save(path, graph)

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(GraphError, match=r"graph.fbp: cannot be written: No space left on device"):
        graph_files.save(path, Graph())
    assert graph_files.load(path) == graph
    assert os.listdir(tmp_path) == ["graph.fbp"]


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path, graph: Graph) -> None:
    with pytest.raises(GraphError, match=r"no.fbp: cannot be read: No such file"):
        graph_files.load(tmp_path / "no.fbp")
    with pytest.raises(GraphError, match=r"cannot be written: No such file"):
        graph_files.save(tmp_path / "no" / "graph.fbp", graph)
    (tmp_path / "folder.fbp").mkdir()
    with pytest.raises(GraphError, match=r"cannot be read: Is a directory"):
        graph_files.load(tmp_path / "folder.fbp")
    with pytest.raises(GraphError, match=r"cannot be read: Is a directory"):
        graph_files.save(tmp_path / "folder.fbp", graph)
    for action in (graph_files.load, lambda path: graph_files.save(path, graph)):
        with pytest.raises(GraphError, match=r"null (byte|character)"):
            action("a\0b.fbp")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_files, "MAX_BYTES", 1024 * 1024)
    (tmp_path / "graph.fbp").write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(GraphError, match="is larger than 1 MiB"):
        graph_files.load(tmp_path / "graph.fbp")


def test_what_is_no_regular_file_is_refused_and_holds_nothing_up(tmp_path: Path, graph: Graph) -> None:
    os.mkfifo(tmp_path / "graph.fbp")
    for action in (lambda path: graph_files.load(path), lambda path: graph_files.save(path, graph)):
        with pytest.raises(GraphError, match=r"graph\.fbp: cannot be read: it is no regular file"):
            action(tmp_path / "graph.fbp")


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    path = tmp_path / "graph.fbp"
    path.write_bytes(b"\xef\xbb\xbfa(x/A)\r\n")
    graph = graph_files.load(path)
    graph.add_node("b", "x/B")
    graph_files.save(path, graph)
    assert path.read_bytes() == b"\xef\xbb\xbfa(x/A)\r\nb(x/B)\r\n"


@pytest.mark.parametrize("name", ["graph.fbp", "graph.json"])
def test_lines_that_could_not_be_stored_are_in_a_copy(
    tmp_path: Path, graph: Graph, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / name
    graph_files.save(path, graph)
    graph.add_node("fan", "demo/Fan")
    before = path.read_bytes()
    monkeypatch.setitem(graph_files._EDITORS, path.suffix, lambda *_: None)
    graph_files.save(path, graph)
    assert graph_files.load(path) == graph
    assert path.with_name(f"{name}.bak").read_bytes() == before
    assert caplog.messages == [f"{path}: its lines could not be kept as they were written; they are in {path}.bak"]


def test_bytes_that_are_no_text_are_named_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "graph.fbp"
    path.write_bytes(b"A(x/A)\n# \xc3\xa9 \xff")
    with pytest.raises(GraphError, match=r"graph.fbp:2:5: byte 0xff is not UTF-8"):
        graph_files.load(path)
