"""A library applies changes of its folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.components import live_folder
from msgflo_host.components.library import Library, load
from msgflo_host.components.live_folder import watch
from msgflo_host.model.events import LibraryChanged

CODE = "from msgflo import Participant, Port\nclass Lamp(Participant):\n    label = {label!r}\n"


@pytest.fixture(autouse=True)
def folders_are_polled_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_folder, "POLL_S", 0.05)


async def until(condition: Callable[[], Any], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def label(library: Library, name: str) -> str:
    info = library.info(name)
    return info.description if info else ""


def watched(library: Library, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        watching = asyncio.create_task(watch(library))
        try:
            await scenario()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(run())


def test_components_come_change_and_go_with_their_files(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    folder.mkdir()
    (folder / "A.py").write_text(CODE.format(label="one"))
    library = load(folder)
    changed: list[frozenset[str]] = []
    library.events.listen(LibraryChanged, lambda event: changed.append(event.names))

    async def scenario() -> None:
        await until(lambda: label(library, "n/A") == "one")
        (folder / "A.py").write_text(CODE.format(label="two"))
        (folder / "B.yml").write_text("component: x/B\nlabel: bee\ninports: {}\noutports: {}\n")
        await until(lambda: label(library, "n/A") == "two" and label(library, "n/B") == "bee")
        (folder / "A.py").unlink()
        await until(lambda: library.names() == ["n/B"])

    watched(library, scenario)
    assert {name for names in changed for name in names} == {"n/A", "n/B"}


def test_a_mistake_is_logged_once_and_changes_nothing_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "msgflo.yaml"
    file.write_text("components: {a: sleep 1}\n")
    library = load(tmp_path)

    async def scenario() -> None:
        file.write_text("components: {a: sleep 1, b: [1]}\n")
        await until(lambda: any("(the components stay as they were)" in message for message in caplog.messages))
        assert library.names() == ["a"]
        other = tmp_path / "other.py"
        other.write_text("")  # makes it read the folder once more
        await until(lambda: other in library.seen)
        file.write_text("components: {a: sleep 1, b: sleep 2}\n")
        await until(lambda: library.names() == ["a", "b"])

    watched(library, scenario)
    assert len(caplog.messages) == 1
