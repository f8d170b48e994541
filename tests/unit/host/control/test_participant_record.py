"""After a restart of the coordinator those who were there are bound, though they say nothing."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from memory_broker import MemoryBroker
from msgflo_host.control.participant_record import Record
from msgflo_host.wire import discovery
from simulation import coordinating, edge_kind, forwarding, pass_time, taking_part, until
from systems import Sink, Source, discovery_message

CLASSIC = "button(x/Button) PRESSED -> ON lamp(x/Lamp)\n"
OURS = "source(test/Source) OUT -> IN sink(test/Sink)\n"


class RareSource(Source):
    """Announces itself again after half an hour."""

    period = 3600


class RareSink(Sink):
    """Announces itself again after half an hour."""

    period = 3600


def announce(broker: MemoryBroker) -> None:
    """A button and a lamp say once that they are there, and leave nothing of that in the broker."""
    broker.publish(
        "fbp", discovery_message("button", outports=[{"id": "pressed", "queue": "button/pressed"}], id="button")
    )
    broker.publish("fbp", discovery_message("lamp", inports=[{"id": "on", "queue": "lamp/on"}], id="lamp", period=10))


async def test_programs_that_leave_nothing_in_the_broker_stay_bound(tmp_path: Path, broker: MemoryBroker) -> None:
    async with forwarding(broker):
        for start in range(3):
            async with coordinating(broker, CLASSIC, alone=True, data=tmp_path) as coordinator:
                if start == 0:
                    announce(broker)
                await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
                broker.publish("button/pressed", start)
                await pass_time(1)
    assert broker.values("lamp/on") == [0, 1, 2]
    assert len(broker.values("fbp/forward/lamp")) == 1, "the forwarder has nothing to do anew"


async def test_of_one_that_was_killed_the_next_knows_as_well(tmp_path: Path, broker: MemoryBroker) -> None:
    async with coordinating(broker, CLASSIC, data=tmp_path) as coordinator:
        announce(broker)
        await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
        await pass_time(10)
        kept = (tmp_path / "participants.json").read_text()
    (tmp_path / "participants.json").write_text(kept)
    async with coordinating(broker, CLASSIC, data=tmp_path) as coordinator:
        await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
        await until(lambda: coordinator.registry.state("lamp") == "lost")  # it has said nothing for too long


async def test_who_was_removed_meanwhile_does_not_come_back(tmp_path: Path, broker: MemoryBroker) -> None:
    async with coordinating(broker, data=tmp_path) as coordinator, taking_part(RareSource("source"), broker=broker):
        await until(lambda: coordinator.registry.state("source") == "alive")
    broker.publish("fbp/participant/source", "", retain=True)  # as `msgflo forget` does
    async with coordinating(broker, data=tmp_path) as coordinator:
        await pass_time(10)
        assert coordinator.registry.state("source") is None


async def test_where_the_broker_does_not_send_what_it_keeps_ours_are_bound_at_once_and_unbound(tmp_path: Path) -> None:
    broker = MemoryBroker(wildcards=False)
    source, sink = RareSource("source"), RareSink("sink")
    with broker:
        async with AsyncExitStack() as stack:
            for start in range(2):
                async with coordinating(broker, OURS, data=tmp_path) as coordinator:
                    for each in (source, sink) if start == 0 else ():
                        await stack.enter_async_context(taking_part(each, broker=broker))
                    await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "direct")
                    await pass_time(1)
                await pass_time(600)
                assert "fbp/bind/sink" in broker.retained
            async with coordinating(broker, data=tmp_path):  # whose graph has no edge
                await until(lambda: "fbp/bind/sink" not in broker.retained)


LAMP = discovery.parse(discovery_message("lamp", id="lamp", inports=[{"id": "on", "queue": "lamp/on"}]).encode())


def test_what_is_read_is_what_was_written_for_this_broker(tmp_path: Path) -> None:
    path = tmp_path / "data" / "participants.json"
    record = Record(path, "mqtt://pi")
    assert record.read() == []
    record.write([LAMP])
    assert Record(path, "mqtt://pi").read() == [LAMP]
    assert Record(path, "mqtt://elsewhere").read() == []
    record.write([])
    assert record.read() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"broker": "b"}', '{"broker": "b", "participants": [1]}'])
def test_a_damaged_file_is_logged_and_begun_anew(tmp_path: Path, text: str, logged: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "participants.json"
    path.write_text(text)
    record = Record(path, "b")
    assert record.read() == []
    assert f"{path} cannot be used" in logged.text
    record.write([LAMP])
    assert record.read() == [LAMP]


def test_a_file_that_cannot_be_written_is_logged_once(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data").write_text("")
    record = Record(tmp_path / "data" / "participants.json", "b")
    for _ in range(2):
        record.write([LAMP])
    assert len(logged.messages) == 1
    assert "cannot be saved" in logged.text
