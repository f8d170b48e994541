"""Mistakes in edited files: the messages that editors get."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from editors import Editor
from local_system import LocalSystem
from msgflo_host.components.library import load


async def lines(client: Editor, wanted: int) -> list[str]:
    """Wait for so many lines; all that were told so far."""
    while len(told := [payload["message"] for payload in client.all("network", "output")]) < wanted:
        await asyncio.sleep(0.02)
    return told


def test_all_editors_are_notified_once_of_a_mistake_in_the_graph_and_when_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("a(x/A)\n")

    async def main() -> None:
        async with system.editor() as one, system.editor() as two:
            for each in (one, two):
                await each.ask("network", "getstatus", graph="default/main")
            graph.write_text("a(x/A\n")
            (mistake,) = await lines(one, 1)
            assert mistake.startswith(f"{graph}:1:")
            assert mistake.endswith("(the graph stays as it was)")
            graph.write_text("a(x/A\n\n")  # saved again, as it was
            while caplog.text.count(mistake) < 2:
                await asyncio.sleep(0.02)
            graph.write_text("a(x/A)\nb(x/B)\n")
            await one.told("graph", "addnode", id="b")
            graph.unlink()
            assert (await lines(one, 3))[1:] == [
                f"{graph} is without a mistake again, and taken over",
                f"{graph} is gone (the graph stays as it was)",
            ]
            graph.write_text("a(x/A)\n")
            assert (await lines(one, 4))[3:] == [f"{graph} is back"]
            await one.told("graph", "removenode", id="b")
            assert await lines(two, 4) == await lines(one, 4)

    system = LocalSystem(graph)
    system.run(main)


def test_all_editors_are_notified_once_of_a_mistake_in_the_folder_and_when_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    file = folder / "msgflo.yaml"
    file.write_text("components: {a: sleep 1}\n")

    async def main() -> None:
        async with system.editor() as client:
            await client.ask("network", "getstatus", graph="default/main")
            file.write_text("components: {a: sleep 1, b: [1]}\n")
            (mistake,) = await lines(client, 1)
            assert mistake.startswith(str(file))
            assert mistake.endswith("(the components stay as they were)")
            file.write_text("components: {a: sleep 1, b: sleep 2}\n")
            assert (await lines(client, 2))[
                1
            ] == f"{folder} is without a mistake again, and its components are taken over"

    system = LocalSystem(library=load(folder))
    system.run(main)
