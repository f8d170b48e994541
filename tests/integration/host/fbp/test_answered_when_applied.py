"""An answer comes when it is true: packets that are sent right after it take the new edge, and are shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.publish as mqtt
import pytest

from brokers import Broker
from editors import Editor, editor
from event_loop import until
from systems import Coordinator, Participants, Sink, Source, discovery_message, node

MAIN = "default/main"
COUNT = 15
GRAPH = "source(test/Source) OUT -> OTHER sink(test/Sink)\nlamp(x/Lamp)\n"


def between(src: str, tgt: str) -> dict[str, Any]:
    ends = (end.split(".") for end in (src, tgt))
    return {side: {"node": node, "port": port} for side, (node, port) in zip(("src", "tgt"), ends, strict=True)}


@pytest.fixture
def system(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    (tmp_path / "graph.fbp").write_text(GRAPH)
    with Coordinator("graph.fbp", "--plain", "--data", tmp_path / "data", broker=broker.url, cwd=tmp_path) as running:
        yield running


async def test_what_is_sent_right_after_an_answer_takes_the_new_edge_and_is_shown(
    system: Coordinator, broker: Broker
) -> None:
    source, sink, lamp = Source("source"), Sink("sink"), Sink("lamp-itself")
    numbers = itertools.count()

    def batches() -> Iterator[list[int]]:
        for _ in range(4):
            yield list(itertools.islice(numbers, COUNT))

    def send(batch: list[int]) -> None:
        for number in batch:
            source.send("out", number)

    def shown(client: Editor) -> list[Any]:
        return [payload["data"] for payload in client.all("network", "data")]

    on = {"id": "on", "queue": "lamp-itself/in"}
    announcement = discovery_message("lamp", id="lamp", inports=[on])
    mqtt.single("fbp/participant/lamp", announcement, retain=True, hostname="127.0.0.1", port=broker.port)
    with Participants(source, sink, lamp, broker=broker.url):
        system.wait(lambda status: node(status, "lamp")["state"] == "alive" and status["edges"][0]["kind"] == "direct")
        async with editor(system.port) as client:
            for batch in batches():
                await client.ask("network", "edges", graph=MAIN, edges=[between("nobody.out", "sink.in")])
                await client.ask("network", "edges", graph=MAIN, edges=[between("source.out", "sink.other")])
                send(batch)
                await until(lambda: batch[-1] in shown(client))  # noqa: B023
                assert shown(client)[-COUNT:] == batch
            for tgt, received in (("sink.in", sink.received), ("lamp.on", lamp.received)):
                for batch in batches():
                    await client.ask("graph", "addedge", graph=MAIN, **between("source.out", tgt))
                    send(batch)
                    await until(lambda: batch[-1] in received)  # noqa: B023
                    assert [each for each in received if each in batch] == batch
                    await client.ask("graph", "removeedge", graph=MAIN, **between("source.out", tgt))
                    await until(lambda: len(system.status()["edges"]) == 1)
