"""Traces of the demo as it runs: recorded by `msgflo trace record` and over the protocol, shown by npm's tools and by ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker
from editors import Editor, Refused, editor, run
from msgflo_host.errors import ClientError
from msgflo_host.fbp.client import Client
from msgflo_host.fbp.trace import MOST_TRACED
from msgflo_host.traces import flowtrace
from msgflo_host.traces.ring import MAX_BYTES, MAX_EVENTS
from paths import ROOT, TESTS
from systems import Coordinator, Participants, Source

SHOW = TESTS / "reference/trace/node_modules/.bin/flowtrace-show"
MAIN = "default/main"
LOAD, ALARM = "machine() LOAD -> LEVEL lamp()", "lamp() ALARM -> POWER fan()"


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


@pytest.fixture(scope="module")
def demo(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    folder = tmp_path_factory.mktemp("demo")
    with Coordinator(ROOT / "examples/demo", "--plain", broker=broker.url, cwd=folder) as running:
        running.wait(lambda status: status["edges"] and all(edge["kind"] != "pending" for edge in status["edges"]))
        yield running


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "msgflo_host", "trace", *map(str, arguments)]


def shown(file: Path) -> list[str]:
    """The lines that npm's flowtrace-show prints of a file, which are those of `msgflo trace show`."""
    assert SHOW.exists(), "npm's flowtrace is missing: make setup-tests"
    theirs = subprocess.run([SHOW, file], capture_output=True, timeout=50, check=True).stdout
    ours = subprocess.run(command("show", file), capture_output=True, timeout=50, check=True).stdout
    assert ours == theirs
    return theirs.decode().splitlines()


def check_demo(lines: list[str]) -> None:
    """What passes in the demo, and nothing else."""
    packets = [line for line in lines if line != "null"]
    assert sum(re.fullmatch(r"machine LOAD -> LEVEL lamp DATA [\d.]+", line) is not None for line in packets) >= 2
    assert sum(re.fullmatch(r"lamp ALARM -> POWER fan DATA (true|false)", line) is not None for line in packets) >= 1
    others = r'fan STATE -> COOLING lamp DATA "(ON|OFF)"|-> (INTERVAL machine|LIMIT lamp) DATA \d+'
    for line in packets:
        assert re.fullmatch(rf"machine LOAD -> .*|lamp ALARM -> .*|{others}", line), line


async def packets(client: Editor, number: int) -> None:
    """Wait until so many more packets have passed on the demo's first edge, and what follows from one of them."""
    before = seen = len(client.frames)
    for _ in range(number):
        frame = await client.told("network", "data", since=seen, id=LOAD)
        seen = client.frames.index(frame, seen) + 1
    await client.told("network", "data", since=before, id=ALARM)


async def dumped(client: Editor, graph: str) -> dict[str, Any]:
    answer = await client.ask("trace", "dump", graph=graph, type="flowtrace.json")
    assert (answer["graph"], answer["type"]) == (graph, "flowtrace.json")
    document: dict[str, Any] = json.loads(answer["flowtrace"])
    return document


def data(document: dict[str, Any]) -> list[Any]:
    return [event["payload"]["data"] for event in document["events"] if event["command"] == "data"]


@pytest.fixture(scope="module")
def recorded(demo: Coordinator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `msgflo trace record` writes of the demo, ended by Ctrl-C."""
    file = tmp_path_factory.mktemp("traces") / "demo.flowtrace.json"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    address = f"ws://127.0.0.1:{demo.port}"
    process = subprocess.Popen(
        command("record", file, "--address", address), stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == f"recording {MAIN} at {address}; Ctrl-C ends\n"

        async def main() -> None:
            async with editor(demo.port) as client:
                await packets(client, 3)

        run(main)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    return file


def test_what_is_recorded_of_the_demo_is_shown_alike_by_flowtrace_show(recorded: Path) -> None:
    check_demo(shown(recorded))


def test_what_is_recorded_names_the_runtime_and_holds_the_graph(recorded: Path) -> None:
    header = flowtrace.load(recorded).header
    assert header["main"] == header["metadata"]["main"] == MAIN
    assert header["metadata"]["type"] == "msgflo"
    assert header["metadata"]["start"] <= header["metadata"]["end"]
    assert header["graphs"][MAIN]["processes"]["machine"] == {"component": "demo/Machine"}


def test_a_replay_of_the_demo_can_only_be_read_and_keeps_the_times(recorded: Path) -> None:
    events = [event for event in flowtrace.load(recorded).events if event["command"] == "data"]
    times = [datetime.fromisoformat(event["time"]).timestamp() for event in events]

    async def replayed(address: str) -> None:
        async with Client.connect(address, timeout=30) as client:
            assert client.runtime["type"] == "flowtrace-replay"
            for protocol, asked in (
                ("graph", "addnode"),
                ("runtime", "packet"),
                ("component", "source"),
                ("trace", "start"),
            ):
                with pytest.raises(ClientError, match="this is a trace, which can only be read"):
                    await client.request(protocol, asked, {"graph": MAIN, "id": "x", "component": "core/Not"})
            messages = client.messages()
            began = asyncio.get_running_loop().time()
            await client.request("network", "start", {"graph": MAIN})
            came = []
            async with asyncio.timeout(50):
                async for message in messages:
                    if message.command == "data":
                        came.append((asyncio.get_running_loop().time(), message.payload["data"]))
                    if message.command == "stopped":
                        break
            assert [value for _, value in came] == [event["payload"]["data"] for event in events]
            # How long it takes a message to reach us may differ; that it waits for the time of the event cannot.
            assert came[-1][0] - began >= (times[-1] - times[0]) * 0.9

    assert times[-1] - times[0] > 1
    process = subprocess.Popen(command("replay", recorded, "--port", "0"), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        address = process.stderr.readline().split()[3].rstrip(";")
        asyncio.run(replayed(address))
    finally:
        process.terminate()
        process.communicate()


def test_a_trace_over_the_protocol_is_shown_alike_by_flowtrace_show(demo: Coordinator, tmp_path: Path) -> None:
    file = tmp_path / "demo.flowtrace.json"

    async def main() -> None:
        async with editor(demo.port) as one, editor(demo.port) as two:
            await two.ask("runtime", "getruntime")
            assert await one.ask("trace", "start", graph=MAIN, buffersize=10**9) == {
                "graph": MAIN,
                "buffersize": MAX_EVENTS,
            }
            await two.told("trace", "start", graph=MAIN)
            await packets(one, 2)
            assert await one.ask("trace", "stop", graph=MAIN) == {"graph": MAIN}
            await two.told("trace", "stop", graph=MAIN)
            document = await dumped(one, MAIN)
            file.write_text(json.dumps(document))
            await packets(one, 1)
            assert await dumped(two, MAIN) == document, "nothing is recorded after the stop"
            assert await one.ask("trace", "clear", graph=MAIN) == {"graph": MAIN}
            assert (await dumped(one, MAIN))["events"] == []

    run(main)
    check_demo(shown(file))


def test_the_newest_events_are_kept_and_clearing_does_not_end_the_recording(demo: Coordinator) -> None:
    async def main() -> None:
        async with editor(demo.port) as client:
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

    run(main)


def test_the_recorder_keeps_its_events_when_another_starts_and_says_when_it_clears_or_stops(
    demo: Coordinator, tmp_path: Path
) -> None:
    address, file = f"ws://127.0.0.1:{demo.port}", tmp_path / "some.flowtrace.json"
    words = command("record", file, "--address", address, "--graph", "fixture.both")
    warning = "warning: another client has {} the recording: what {} is missing\n"

    async def main() -> None:
        async with editor(demo.port) as client:
            await counting(client, "fixture.both")
            process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
            assert process.stderr is not None
            try:
                assert (await process.stderr.readline()).startswith(b"recording fixture.both")
                await count(client, "fixture.both", 1)
                await client.ask("trace", "start", graph="fixture.both", buffersize=1)
                assert data(await dumped(client, "fixture.both")) == [True, 1]
                await client.ask("trace", "clear", graph="fixture.both")
                assert (await process.stderr.readline()).decode() == warning.format("cleared", "has passed")
                await count(client, "fixture.both", 2)
                await client.ask("trace", "stop", graph="fixture.both")
                assert (await process.stderr.readline()).decode() == warning.format("ended", "passes from now on")
                process.send_signal(signal.SIGINT)
                assert await process.wait() == 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

    run(main)
    assert [event["payload"]["data"] for event in flowtrace.load(file).events] == [True, 2, True, 3]


async def counting(client: Editor, graph: str, **metadata: Any) -> None:
    """Make and start a graph whose one edge carries 1, 2, 3…, one for each packet that is sent in."""
    await client.ask("graph", "clear", id=graph)
    for id, component in (("count", "core/Counter"), ("again", "core/Repeat")):
        await client.ask("graph", "addnode", id=id, component=component, graph=graph)
    edge = {"src": {"node": "count", "port": "out"}, "tgt": {"node": "again", "port": "in"}}
    await client.ask("graph", "addedge", graph=graph, metadata=metadata, **edge)
    for side, node in (("in", "count"), ("out", "again")):
        await client.ask("graph", f"add{side}port", public=side, node=node, port=side, graph=graph)
    await client.ask("network", "start", graph=graph)


async def count(client: Editor, graph: str, number: int) -> None:
    for _ in range(number):
        since = len(client.frames)
        await client.ask("runtime", "packet", graph=graph, port="in", event="data", payload=True)
        await client.told("runtime", "packet", since=since, graph=graph, port="out")


def test_what_is_marked_as_secure_is_in_no_trace(demo: Coordinator) -> None:
    async def main() -> None:
        async with editor(demo.port) as client:
            await counting(client, "fixture.vault", secure=True)
            secret = {"src": {"data": "hunter2"}, "tgt": {"node": "again", "port": "in"}, "metadata": {"secure": True}}
            await client.ask("graph", "addinitial", graph="fixture.vault", **secret)
            await client.ask("trace", "start", graph="fixture.vault")
            await client.ask("network", "start", graph="fixture.vault")
            await count(client, "fixture.vault", 2)
            document = await dumped(client, "fixture.vault")
            found = [value for value in data(document) if value is not True]  # which is what was sent to the counter
            assert set(found) == {"DATA"}
            assert len(found) >= 3, "the initial packet, and two on the edge"
            assert "hunter2" not in json.dumps(document)
            initial = {"data": "DATA", "metadata": {"secure": True}, "tgt": {"process": "again", "port": "in"}}
            assert initial in document["header"]["graphs"]["fixture.vault"]["connections"]

    run(main)


def test_a_trace_holds_what_else_happens_in_its_graph(demo: Coordinator) -> None:
    async def main() -> None:
        async with editor(demo.port) as client:
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

    run(main)


def test_large_packets_are_shortened_and_all_together_are_bounded(demo: Coordinator, broker: Broker) -> None:
    async def main() -> None:
        source = Source("large")
        async with editor(demo.port) as client:
            await counting(client, "fixture.large")
            edge = {"src": {"node": "large", "port": "out"}, "tgt": {"node": "again", "port": "in"}}
            await client.ask("graph", "addnode", graph="fixture.large", id="large", component="test/Source")
            await client.ask("graph", "addedge", graph="fixture.large", **edge)
            await client.ask("trace", "start", graph="fixture.large", buffersize=MAX_EVENTS)
            with Participants(source, broker=broker.url):
                while not client.all("network", "data"):  # until the edge is in force
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
            with Participants(source, broker=broker.url):
                since = len(client.frames)
                while not client.all("network", "data", since=since):
                    source.send("out", "begin")
                    await asyncio.sleep(0.1)
                source.send("out", "x" * 10_000_000)
                source.send("out", "last")
                await client.told("runtime", "packet", graph="fixture.large", payload="last")
            large = data(await dumped(client, "fixture.large"))[-2]
            assert re.fullmatch(r'"x{999}… \(10000002 bytes\)', large)

    run(main)


def test_few_graphs_are_traced_at_a_time(demo: Coordinator) -> None:
    async def main() -> None:
        async with editor(demo.port) as client:
            names = [f"fixture.{number}" for number in range(MOST_TRACED + 1)]
            for name in names:
                await client.ask("graph", "clear", id=name)
            for name in names[:-1]:
                await client.ask("trace", "start", graph=name)
            with pytest.raises(Refused, match=f"{MOST_TRACED} graphs are traced already; trace:stop ends one of them"):
                await client.ask("trace", "start", graph=names[-1])
            await client.ask("trace", "start", graph=names[0])
            await client.ask("trace", "stop", graph=names[3])
            await client.ask("trace", "stop", graph=names[2])
            await client.ask("trace", "start", graph=names[-1])
            with pytest.raises(Refused, match=r'the graph "fixture\.3" is not traced; trace:start begins'):
                await client.ask("trace", "dump", graph=names[3], type="flowtrace.json")
            await dumped(client, names[2])

    run(main)


@pytest.mark.parametrize(
    ("asked", "payload", "text"),
    [
        ("start", {"graph": "none"}, "Requested graph not found"),
        ("start", {}, "No graph specified"),
        ("start", {"graph": MAIN, "buffersize": 0}, '"buffersize" is 0; a number of events, at least 1, is needed'),
        ("start", {"graph": MAIN, "buffersize": True}, '"buffersize" is true'),
        ("dump", {"graph": "never", "type": "flowtrace.json"}, 'the graph "never" is not traced; trace:start begins'),
        ("stop", {"graph": "never"}, 'the graph "never" is not traced'),
        ("clear", {"graph": "never"}, 'the graph "never" is not traced'),
        ("dump", {"graph": MAIN, "type": "csv"}, '"type" is "csv"; allowed: "flowtrace.json"'),
        ("replay", {"graph": MAIN}, "trace:replay is no command"),
    ],
)
def test_what_cannot_be_traced_is_refused(demo: Coordinator, asked: str, payload: dict[str, Any], text: str) -> None:
    async def main() -> None:
        async with editor(demo.port) as client:
            await client.ask("graph", "clear", id="never")
            with pytest.raises(Refused) as caught:
                await client.ask("trace", asked, **payload)
            assert str(caught.value).startswith(text)

    run(main)
