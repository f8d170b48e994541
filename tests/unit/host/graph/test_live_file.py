"""The graph's file as programs write it, in one step or in several, and as a full disk leaves it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from msgflo_host.control.auto_save import save
from msgflo_host.errors import GraphError
from msgflo_host.graph import live_file
from msgflo_host.graph.graph_files import load, signature
from msgflo_host.graph.live_file import ABSENT_S, AT_REST_S, LiveFile
from msgflo_host.graph.model import Graph

LINES = "a(x/A) OUT -> IN b(x/B)\nc(x/C)\n"


class Followed:
    """A graph and its file; `graphs` are those that were taken over, by their nodes, and `told` what was said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text(LINES)
        self.graph = load(path)
        self.graphs: list[list[str]] = []
        self.told: list[str] = []
        self.now = 1000.0
        self.file = LiveFile(
            path,
            lambda: self.graph,
            self._replace,
            seen=signature(path),
            notify=self.told.append,
            clock=lambda: self.now,
        )

    def _replace(self, graph: Graph) -> None:
        self.graph = graph
        self.graphs.append(sorted(graph.nodes))

    def while_following(self, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
        """Do each step between two looks at the file, and then look until it must have come to rest."""
        left = list(steps)
        end = self.now + 10 * ABSENT_S

        async def pause(seconds: float) -> None:
            self.now += seconds
            if left:
                left.pop(0)()
            elif self.now > end:
                raise asyncio.CancelledError

        monkeypatch.setattr(live_file.asyncio, "sleep", pause)  # type: ignore[attr-defined]
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.file.run())

    def take_over(self) -> bool:
        """Look twice, so that what was written has come to rest."""
        self.file.take_over()
        self.now += AT_REST_S
        return self.file.take_over()


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path / "graph.fbp")


def test_a_file_that_is_written_in_several_steps_is_read_when_it_is_whole(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def truncate() -> None:
        os.truncate(followed.path, 0)

    def add(text: str) -> None:
        with followed.path.open("a") as file:
            file.write(text)

    followed.while_following(
        monkeypatch, truncate, lambda: add("a(x/A) OUT -> IN b(x/B)\n"), lambda: add("c(x/C)\nd(x/D)\n")
    )
    assert followed.graphs == [["a", "b", "c", "d"]]
    assert followed.told == []


def test_an_empty_file_changes_nothing_and_is_logged_once(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.while_following(monkeypatch, lambda: followed.path.write_text(""))
    assert followed.graphs == []
    assert followed.told == [f"{followed.path} is empty (the graph stays as it was)"]
    followed.while_following(monkeypatch, lambda: followed.path.write_text(LINES))
    assert followed.graphs == [["a", "b", "c"]]
    assert followed.told[1:] == [f"{followed.path} is back"]


@pytest.mark.parametrize("away", [lambda path: path.write_text(""), lambda path: path.unlink()], ids=["empty", "gone"])
def test_a_file_that_is_away_is_written_anew_only_once_nobody_writes_it_any_more(
    followed: Followed, away: Callable[[Path], object]
) -> None:
    away(followed.path)
    for _ in range(2):
        with pytest.raises(GraphError, match=r"graph\.fbp: somebody is writing it just now: try again"):
            _save(followed)
        followed.now += ABSENT_S / 2
    _save(followed)
    assert sorted(load(followed.path).nodes) == ["a", "b", "c"]
    assert followed.take_over()


def test_a_file_that_was_only_touched_is_not_taken_over(followed: Followed) -> None:
    followed.path.write_text(LINES + "d(x/D)\n")
    assert followed.take_over()
    for time in range(1, 4):
        os.utime(followed.path, (time, time))
        assert followed.take_over()
    assert followed.graphs == [["a", "b", "c", "d"]]


def test_a_file_that_could_not_be_read_is_taken_over_once_it_can_be(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.path.write_text(LINES + "d(x/D)\n")

    def no_handle(path: object) -> bytes:
        raise GraphError("cannot be read: Too many open files", file=str(path))

    with monkeypatch.context() as without_handles:
        without_handles.setattr(live_file, "read", no_handle)
        for _ in range(3):
            assert not followed.take_over()
    assert followed.told == [f"{followed.path}: cannot be read: Too many open files (the graph stays as it was)"]
    assert followed.take_over()
    assert followed.file.trouble is None
    assert followed.graphs == [["a", "b", "c", "d"]]


def _save(followed: Followed) -> None:
    coordinator = SimpleNamespace(graphs=SimpleNamespace(main=followed))  # as much of one as is needed
    save(coordinator, followed.file)  # type: ignore[arg-type]


def test_what_somebody_writes_right_after_a_save_is_taken_over(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def edited_meanwhile(handle: int) -> None:
        sync(handle)
        if "d(x/D)" in followed.path.read_text():  # ours is in its place, and its folder is being synced
            followed.path.write_text("a(x/A)\n")

    monkeypatch.setattr(os, "fsync", edited_meanwhile)
    followed.graph.add_node("d", "x/D")
    followed.file.save(followed.graph)
    assert followed.take_over()
    assert followed.graphs == [["a"]]


def test_a_mistake_is_reported_with_its_line_until_it_is_mended(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    steps = [lambda: None] * 3
    followed.while_following(
        monkeypatch,
        lambda: followed.path.write_text("a(x/A\n"), *steps,
        lambda: seen.append(str(followed.file.trouble).startswith(f"{followed.path}:1:")),
        lambda: followed.path.write_text("a(x/A)\n"), *steps,
        lambda: seen.append(followed.file.trouble is None),
    )  # fmt: skip
    assert seen == [True, True]
    assert followed.graphs == [["a"]]
