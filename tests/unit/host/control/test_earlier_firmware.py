"""Firmware of an earlier version: it takes binding lists, but knows neither their key "" nor `fbp/bound/<id>`."""

from __future__ import annotations

import json
from typing import Any

from memory_broker import MemoryBroker
from msgflo.broker import Broker
from msgflo.paho_transport import Transport
from msgflo_host.graph import fbp_reader
from simulation import coordinating, edge_kind, run_beside, taking_part, until
from systems import Source, discovery_message

LIST = "fbp/bind/sink"


class EarlierSink:
    """Subscribes to the sources of its inport `in`, as the participant library did before lists had versions."""

    def __init__(self, broker: Broker) -> None:
        self.received: list[bytes] = []
        self.sources: set[str] = set()
        self.list: dict[str, Any] = {}
        self._transport = Transport(broker, "sink", on_message=self._take)

    async def connect(self) -> None:
        await self._transport.connect(will=("fbp/connection/sink", b"lost"))
        await self._transport.subscribe([("sink/in", 1), (LIST, 1)])
        inport = {"id": "in", "queue": "sink/in"}
        message = discovery_message(
            "sink", id="sink", component="test/Sink", inports=[inport], bind=LIST, connection="sink", period=60
        )
        for topic, payload in (("fbp/participant/sink", message.encode()), ("fbp/connection/sink", b"online")):
            self._transport.publish(topic, payload, qos=1, retain=True)
        self._transport.publish("fbp", message.encode())

    async def apply(self) -> None:
        """Subscribe to what its list names, and to nothing else; inports that it does not have are left out."""
        desired = set(self.list.get("in", ()))
        await self._transport.unsubscribe(list(self.sources - desired))
        await self._transport.subscribe([(topic, 1) for topic in desired - self.sources])
        self.sources = desired

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == LIST:
            self.list = json.loads(payload) if payload else {}
        else:
            self.received.append(payload)


def test_a_participant_that_confirms_no_list_is_bound_and_unbound() -> None:
    broker, source = MemoryBroker(), Source("source")

    async def main() -> None:
        sink = EarlierSink(broker.address)
        async with (
            coordinating(broker, "source(test/Source) OUT -> IN sink(test/Sink)\n") as coordinator,
            taking_part(source, broker=broker),
        ):
            await sink.connect()
            await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "direct")
            await until(lambda: sink.list == {"in": ["source/out"]})
            await sink.apply()
            assert sink.sources == {"source/out"}
            source.send("out", 1)
            await until(lambda: sink.received == [b"1"])

            coordinator.replace_graph(fbp_reader.parse("source(test/Source)\nsink(test/Sink)\n"))
            await until(lambda: not sink.list.get("in"))
            await sink.apply()
            assert sink.sources == set()

    run_beside(broker, main)
    assert "fbp/bound/sink" not in broker.retained
