"""trace:* on a running system: recordings, their times, sizes and secrets."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime
from typing import Any

import pytest

from editors import Refused
from fbp_service import joined, read, served
from local_system import LocalSystem
from msgflo_host.fbp import trace_protocol
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.permissions import ALL
from msgflo_host.fbp.trace_protocol import UNSEEN_S
from msgflo_host.graph.model import Graph
from msgflo_host.traces.event_ring import MAX_BYTES, MAX_EVENTS
from simulation import pass_time, taking_part, until
from systems import Sink, Source
from traced import count, counting, data, dumped

MAIN = "default/main"
SECRET = "correct-horse-battery"


@pytest.fixture
def system() -> LocalSystem:
    return LocalSystem("sensor(test/Source) OUT -> IN display(test/Sink)\n", secrets={SECRET: ALL})


async def end_of_dump(system: LocalSystem) -> datetime:
    async with system.editor(secret=SECRET) as client:
        dump = await client.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        return datetime.fromisoformat(json.loads(dump["flowtrace"])["header"]["metadata"]["end"])


async def goes_on(system: LocalSystem) -> bool:
    first = await end_of_dump(system)
    await pass_time(1)
    return await end_of_dump(system) > first  # a trace that goes on ends now


async def test_a_trace_that_nobody_may_see_ends_and_its_topics_are_read_no_more(system: LocalSystem) -> None:
    def reads() -> bool:
        session = system.broker.sessions.get("msgflo-coordinator-view")
        return session is not None and "sensor/out" in session.filters

    async with taking_part(Source("sensor"), Sink("display"), broker=system.broker):
        async with system.editor(secret=SECRET) as client:
            await client.ask("trace", "start", graph=MAIN)
            await client.ask("network", "edges", graph=MAIN, edges=[])
            await until(reads)
        await pass_time(UNSEEN_S - 1)
        assert reads()
        await until(lambda: not reads())
        assert not await goes_on(system)


async def test_a_clock_that_is_set_while_a_trace_is_recorded_moves_no_event_away_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, service = served(Graph("main"))
    client = joined(service)

    def ask(command: str, protocol: str = "trace", **payload: str) -> None:
        service.dispatcher.handle(client, Request(protocol, command, {"graph": MAIN, **payload}))

    with monkeypatch.context() as without_clock:  # as a Raspberry Pi starts
        without_clock.setattr(trace_protocol.time, "time", lambda: 86400.0)  # type: ignore[attr-defined]
        ask("start")
        ask("stop", "network")
    ask("start", "network")
    ask("stop")
    ask("dump", type="flowtrace.json")
    dump = next(frame["payload"] for frame in read(client) if frame["command"] == "dump")
    recorded = json.loads(dump["flowtrace"])
    times = [event["time"] for event in recorded["events"]]
    assert len(times) == 2
    span = [recorded["header"]["metadata"][key] for key in ("start", "end")]
    assert {time[:10] for time in (*times, *span)} == {"1970-01-02"}
    ask("start")
    ask("dump", type="flowtrace.json")
    later = json.loads(read(client)[-1]["payload"]["flowtrace"])["header"]["metadata"]["start"]
    assert later > "2020"


async def test_the_newest_events_are_stored_and_clearing_does_not_end_the_recording(system: LocalSystem) -> None:
    async with system.editor() as client:
        await counting(client, "fixture.newest")
        await client.ask("trace", "start", graph="fixture.newest", buffersize=3)
        await count(client, "fixture.newest", 5)
        assert data(await dumped(client, "fixture.newest")) == [4, True, 5]
        await client.ask("trace", "clear", graph="fixture.newest")
        await count(client, "fixture.newest", 2)
        assert data(await dumped(client, "fixture.newest")) == [6, True, 7]
        more = await client.ask("trace", "start", graph="fixture.newest", buffersize=5)
        assert more["buffersize"] == 5
        assert (await client.ask("trace", "start", graph="fixture.newest", buffersize=2))["buffersize"] == 5
        await count(client, "fixture.newest", 1)
        assert data(await dumped(client, "fixture.newest")) == [6, True, 7, True, 8], "it goes on for both"
        await client.ask("trace", "stop", graph="fixture.newest")
        await client.ask("trace", "start", graph="fixture.newest")
        assert data(await dumped(client, "fixture.newest")) == [], "it begins anew"


async def test_what_is_marked_as_secure_is_in_no_trace(system: LocalSystem) -> None:
    async with system.editor() as client:
        await counting(client, "fixture.vault", secure=True)
        secret = {"src": {"data": "hunter2"}, "tgt": {"node": "again", "port": "in"}, "metadata": {"secure": True}}
        await client.ask("graph", "addinitial", graph="fixture.vault", **secret)
        await client.ask("trace", "start", graph="fixture.vault")
        await client.ask("network", "start", graph="fixture.vault")
        await count(client, "fixture.vault", 2)
        found: list[Any] = []
        while len(found) < 3:  # the initial packet, and two on the edge
            document = await dumped(client, "fixture.vault")
            found = [value for value in data(document) if value is not True]  # which is what was sent to the counter
        assert set(found) == {"DATA"}
        assert "hunter2" not in json.dumps(document)
        initial = {"data": "DATA", "metadata": {"secure": True}, "tgt": {"process": "again", "port": "in"}}
        assert initial in document["header"]["graphs"]["fixture.vault"]["connections"]


async def test_a_trace_holds_what_else_happens_in_its_graph(system: LocalSystem) -> None:
    async with system.editor() as client:
        await counting(client, "other")
        await counting(client, "traced")
        await client.ask("trace", "start", graph="traced")
        for graph in ("other", "traced"):
            await client.ask("network", "stop", graph=graph)
            await client.ask("network", "start", graph=graph)
            await client.ask("graph", "addnode", graph=graph, id="wrong", component="core/Expression")
            tgt = {"node": "wrong", "port": "expression"}
            await client.ask("graph", "addinitial", graph=graph, src={"data": "1 +"}, tgt=tgt)
            await client.told("network", "processerror", graph=graph, id="wrong")
        document = await dumped(client, "traced")
        assert {event["graph"] for event in document["events"]} == {"traced"}
        kinds = [event["command"] for event in document["events"]]
        assert [kind for kind in kinds if kind in ("stopped", "started")] == ["stopped", "started"]
        error = next(event for event in document["events"] if event["command"] == "processerror")
        assert error["payload"]["id"] == "wrong"
        await client.ask("trace", "stop", graph="traced")


async def test_large_packets_are_shortened_and_all_together_are_bounded(system: LocalSystem) -> None:
    source = Source("large")
    async with system.editor() as client:
        await counting(client, "fixture.large")
        edge = {"src": {"node": "large", "port": "out"}, "tgt": {"node": "again", "port": "in"}}
        await client.ask("graph", "addnode", graph="fixture.large", id="large", component="test/Source")
        await client.ask("graph", "addedge", graph="fixture.large", **edge)
        await client.ask("trace", "start", graph="fixture.large", buffersize=MAX_EVENTS)
        async with taking_part(source, broker=system.broker):
            while not client.all("network", "data"):  # until the edge is active
                source.send("out", "begin")
                await asyncio.sleep(0.1)
            source.send("out", "x" * 10_000_000)
            for number in range(900):
                source.send("out", [number, "y" * 7000])
            source.send("out", "end")
            await client.told("runtime", "packet", graph="fixture.large", payload="end")
        document = await dumped(client, "fixture.large")
        found = data(document)
        assert found[-2:] == [[899, "y" * 7000], "end"]
        numbers = [value[0] for value in found if isinstance(value, list)]
        assert numbers == list(range(900 - len(numbers), 900)), "the newest"
        assert MAX_BYTES * 0.9 < sum(len(json.dumps(value)) for value in found) <= MAX_BYTES

        await client.ask("trace", "start", graph="fixture.large")
        async with taking_part(source, broker=system.broker):
            since = len(client.frames)
            while not client.all("network", "data", since=since):
                source.send("out", "begin")
                await asyncio.sleep(0.1)
            source.send("out", "x" * 10_000_000)
            source.send("out", "last")
            await client.told("runtime", "packet", graph="fixture.large", payload="last")
        large = data(await dumped(client, "fixture.large"))[-2]
        assert re.fullmatch(r'"x{999}… \(10000002 bytes\)', large)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("start", {"graph": "none"}, "Requested graph not found"),
    ("start", {}, "No graph specified"),
    ("start", {"graph": MAIN, "buffersize": 0}, '"buffersize" is 0; a number of events, at least 1, is needed'),
    ("start", {"graph": MAIN, "buffersize": True}, '"buffersize" is true'),
    ("dump", {"graph": "never", "type": "flowtrace.json"}, 'the graph "never" is not traced; trace:start begins'),
    ("stop", {"graph": "never"}, 'the graph "never" is not traced'),
    ("clear", {"graph": "never"}, 'the graph "never" is not traced'),
    ("dump", {"graph": MAIN, "type": "csv"}, '"type" is "csv"; allowed: "flowtrace.json"'),
    ("replay", {"graph": MAIN}, "trace:replay is no command"),
]


async def test_what_cannot_be_traced_is_refused(system: LocalSystem) -> None:
    async with system.editor() as client:
        await client.ask("graph", "clear", id="never")
        for asked, payload, text in REFUSED:
            with pytest.raises(Refused) as caught:
                await client.ask("trace", asked, **payload)
            assert str(caught.value).startswith(text)
