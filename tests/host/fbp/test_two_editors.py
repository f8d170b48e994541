"""Two editors on the demo, as people use them: each sees what the other does, and the data that follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker
from editors import editor, run
from systems import Coordinator, Participants, Source

ROOT = Path(__file__).parents[3]
MAIN = "default/main"


@pytest.fixture
def demo(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    with Coordinator(ROOT / "examples/demo", "--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(lambda status: any(edge["kind"] == "direct" for edge in status["edges"]))
        yield running


def test_an_editor_adds_nodes_and_an_edge_sees_data_and_removes_it_while_a_second_sees_each_change(
    demo: Coordinator,
) -> None:
    async def main() -> None:
        async with editor(demo.port) as one, editor(demo.port) as two:
            for each in (one, two):
                assert (await each.ask("runtime", "getruntime"))["version"] == "0.7"
            changes: list[tuple[str, dict[str, Any]]] = [
                ("addnode", {"id": "fast", "component": "core/Expression", "metadata": {"x": 10, "y": 20}}),
                ("addnode", {"id": "seen", "component": "core/Repeat", "metadata": {}}),
                ("addinitial", {"src": {"data": "in * 10"}, "tgt": {"node": "fast", "port": "expression"}}),
                ("addedge", {"src": {"node": "machine", "port": "load"}, "tgt": {"node": "fast", "port": "in"}}),
                ("addedge", {"src": {"node": "fast", "port": "out"}, "tgt": {"node": "seen", "port": "in"}}),
            ]
            for command, payload in changes:
                await one.ask("graph", command, graph=MAIN, **payload)
                await two.told("graph", command, graph=MAIN, **payload)
            for each in (one, two):
                seen = await each.told("network", "data", id="fast() OUT -> IN seen()", graph=MAIN)
                assert isinstance(seen["payload"]["data"], int | float)
            for name in ("fast", "seen"):
                await one.ask("graph", "removenode", graph=MAIN, id=name)
                await two.told("graph", "removenode", graph=MAIN, id=name)

    run(main)


def test_a_board_that_joins_appears_in_both_without_a_reload(demo: Coordinator, broker: Broker) -> None:
    async def main() -> None:
        async with editor(demo.port) as one, editor(demo.port) as two:
            for each in (one, two):
                await each.ask("runtime", "getruntime")
            with Participants(Source("board"), broker=broker.url):
                for each in (one, two):
                    await each.told("graph", "addnode", graph=MAIN, id="board", component="test/Source")
                    await each.told("component", "component", name="test/Source")
            edge = {"src": {"node": "board", "port": "out"}, "tgt": {"node": "lamp", "port": "level"}}
            await two.ask("graph", "addedge", graph=MAIN, **edge)
            await one.told("graph", "addedge", graph=MAIN, **edge)

    run(main)


def test_what_cannot_be_brought_in_force_is_told_as_an_error_of_its_node(demo: Coordinator) -> None:
    async def main() -> None:
        async with editor(demo.port) as one, editor(demo.port) as two:
            await two.ask("runtime", "getruntime")
            await one.ask("graph", "addnode", graph=MAIN, id="scale", component="core/Scale")
            tgt = {"node": "scale", "port": "factor"}
            await one.ask("graph", "addinitial", graph=MAIN, src={"data": 10}, tgt=tgt)
            await one.ask("graph", "addedge", graph=MAIN, src={"node": "machine", "port": "load"}, tgt=tgt)
            has = '"scale" has no inport "factor"; it has "in", "inmin", "inmax", "outmin", "outmax", "clamp"'
            for text in (f"initial packet: {has}", f"edge machine.load → scale.factor is refused: {has}"):
                await two.told("network", "processerror", id="scale", error=text, graph=MAIN)

    run(main)
