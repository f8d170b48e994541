"""runtime:* on a running system: who it is, what a client may do, exported ports, and packets across them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from editors import Editor, Refused
from local_system import LocalSystem
from msgflo import Port
from msgflo_host.components.library import Library
from msgflo_host.fbp.permissions import ALL, DEFAULT_LOCAL, READY_MADE
from simulation import taking_part, until
from systems import Sink, Source

MAIN = "default/main"
SECRET = "correct-horse-battery"
VIEWER = "only-looks-and-sees"


GRAPH = "INPORT=display.IN:SHOWN\nOUTPORT=sensor.VALUE:MEASURED\nsensor(test/Source) OUT -> OTHER display(test/Sink)\n"


@pytest.fixture
def system() -> LocalSystem:
    return LocalSystem(GRAPH, secrets={SECRET: ALL, VIEWER: READY_MADE["viewer"]})


async def test_capabilities_depend_on_the_machine_and_the_secret_of_a_client(system: LocalSystem) -> None:
    cases: list[tuple[bool, str | None, frozenset[str]]] = [
        (False, None, DEFAULT_LOCAL),
        (False, SECRET, ALL),
        (False, VIEWER, READY_MADE["viewer"]),
        (False, "wrong", frozenset()),
        (True, None, frozenset()),
        (True, SECRET, ALL),
        (True, VIEWER, READY_MADE["viewer"]),
        (True, "wrong", frozenset()),
    ]
    for afar, secret, capabilities in cases:
        async with system.editor(secret=secret, afar=afar) as client:
            answer = await client.ask("runtime", "getruntime")
            assert set(answer["capabilities"]) == capabilities, (afar, secret)
            assert set(answer["allCapabilities"]) == ALL
            assert answer.get("graph") == (MAIN if capabilities else None)
            assert (answer["type"], answer["version"], answer["namespace"]) == ("msgflo", "0.7", "default")
            assert answer["id"] == "00000000-0000-0000-0000-000000000000"
            with pytest.raises(Refused) as refused:
                await client.ask("graph", "changenode", graph="none", id="a", metadata={})
            allowed = "protocol:graph" in capabilities
            text = "Requested graph not found" if allowed else "graph:changenode is not permitted"
            assert str(refused.value) == text
            told = {frame["command"] for frame in client.frames}
            assert ("ports" in told) is ("protocol:runtime" in capabilities)
            assert secret is None or secret not in json.dumps(client.frames)


async def test_with_the_runtime_a_client_gets_the_recorded_graphs_if_it_may_see_them(system: LocalSystem) -> None:
    async def told(secret: str | None) -> list[Any]:
        async with system.editor(secret=secret) as client:
            await client.ask("runtime", "getruntime")
            await client.ask("network", "getstatus", graph=MAIN)
            return client.all("trace", "start")

    async with system.editor() as client:
        assert await told(None) == []
        await client.ask("trace", "start", graph=MAIN)
        assert await told(None) == await told(SECRET) == [{"graph": MAIN}]
        assert await told(VIEWER) == []
        await client.ask("trace", "stop", graph=MAIN)
        assert await told(None) == []


def shape(ports: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {side: [(port["id"], port["type"]) for port in ports[side]] for side in ("inPorts", "outPorts")}


async def test_exported_ports_are_sent_whenever_they_change(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:

        async def told(since: int, **fields: Any) -> None:
            for client in (one, two):
                ports = await client.told("runtime", "ports", since=since, **fields)
                assert "responseTo" not in ports

        for client in (one, two):
            await client.ask("runtime", "getruntime")
            first = await client.told("runtime", "ports", graph=MAIN)
            assert shape(first["payload"]) == {"inPorts": [("shown", "any")], "outPorts": [("measured", "any")]}
        await one.ask("graph", "clear", id="g")
        await told(0, graph="g", inPorts=[], outPorts=[])
        await one.ask("graph", "addnode", graph="g", id="not", component="core/Not")
        await one.ask("graph", "addnode", graph="g", id="new", component="no/Such")
        for command, payload, inports, outports in (
            ("addinport", {"public": "x", "node": "not", "port": "IN"}, [("x", "boolean")], []),
            ("addoutport", {"public": "y", "node": "new", "port": "o"}, [("x", "boolean")], [("y", "any")]),
            ("renameinport", {"from": "x", "to": "z"}, [("z", "boolean")], [("y", "any")]),
            ("removenode", {"id": "new"}, [("z", "boolean")], []),
            ("clear", {"id": "g"}, [], []),
        ):
            since = len(two.frames)
            await one.ask("graph", command, graph="g", **payload)
            ports = (await two.told("runtime", "ports", since=since, graph="g"))["payload"]
            assert shape(ports) == {"inPorts": inports, "outPorts": outports}
        # A node that is renamed keeps what is exported of it: nothing is told again.
        await one.ask("graph", "addnode", graph="g", id="not", component="core/Not")
        await one.ask("graph", "addinport", graph="g", public="x", node="not", port="in")
        await one.ask("network", "getstatus", graph="g")
        since = len(one.frames)
        await one.ask("graph", "renamenode", graph="g", **{"from": "not", "to": "other"})
        await one.ask("network", "getstatus", graph="g")
        assert one.all("runtime", "ports", since=since) == []


async def test_a_type_that_discovery_shows_is_sent(system: LocalSystem) -> None:
    class Typed(Source):
        outports = (Port("value", type="number"),)

    async with system.editor() as client:
        await client.ask("runtime", "getruntime")
        await client.told("runtime", "ports", graph=MAIN)
        since = len(client.frames)
        async with taking_part(Typed("sensor"), broker=system.broker):
            ports = await client.told("runtime", "ports", since=since, graph=MAIN)
            assert shape(ports["payload"])["outPorts"] == [("measured", "number")]


async def test_packets_enter_and_leave_the_main_graph_by_its_exported_ports(system: LocalSystem) -> None:
    sensor, display = Source("sensor"), Sink("display")
    async with system.editor() as one, system.editor() as two:
        await one.ask("runtime", "getruntime")
        with pytest.raises(Refused, match=r'^node "display" is absent, so its inport "in" takes no packets$'):
            await one.ask("runtime", "packet", graph=MAIN, port="shown", event="data", payload=1)
        async with taking_part(sensor, display, broker=system.broker):
            await system.wait(lambda status: all(node["state"] == "alive" for node in status["nodes"]))
            packet = {"graph": MAIN, "port": "SHOWN", "event": "data", "payload": {"a": [1, None]}}
            assert await one.ask("runtime", "packet", **packet) == packet
            await until(lambda: display.received)
            assert display.received == [{"a": [1, None]}]
            while not two.all("runtime", "packet"):  # it is not heard before its topic is subscribed to
                sensor.send("value", 20.5)
                await asyncio.sleep(0.05)
            await two.told("runtime", "packet", graph=MAIN, port="measured", event="data", payload=20.5)
            assert two.all("runtime", "packetsent") == []  # what one has sent is for the node that it is sent to


async def repeater(client: Editor) -> None:
    await client.ask("graph", "clear", id="g")
    await client.ask("graph", "addnode", graph="g", id="r", component="core/Repeat")
    await client.ask("graph", "addinport", graph="g", public="in", node="r", port="in")
    await client.ask("graph", "addoutport", graph="g", public="out", node="r", port="out")
    await client.ask("network", "start", graph="g")


async def test_only_data_passes_the_other_events_are_acknowledged(system: LocalSystem) -> None:
    async with system.editor() as client:
        await repeater(client)
        for event in ("connect", "begingroup", "data", "endgroup", "disconnect"):
            more = {"payload": "x"} if event in ("begingroup", "data", "endgroup") else {}
            packet = {"graph": "g", "port": "in", "event": event, **more}
            assert await client.ask("runtime", "packet", **packet) == packet
        await client.ask("runtime", "packet", graph="g", port="in", event="data", payload="last")
        await client.told("runtime", "packet", payload="last")
        assert [packet["payload"] for packet in client.all("runtime", "packet")] == ["x", "last"]


async def test_packets_that_go_nowhere_are_refused(system: LocalSystem) -> None:
    good = {"graph": "g", "port": "in", "event": "data", "payload": 1}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"graph": None}, "No graph specified"),
        ({"graph": "none"}, "Requested graph not found"),
        ({"port": None}, '"port" is missing; a text is needed'),
        ({"port": "out"}, 'the graph "g" exports no inport "out"; it has "in"'),
        ({"event": "date"}, '"event" is "date"; allowed: connect, begingroup, data, endgroup, disconnect'),
        ({"event": ["data"]}, '"event" is a list of 1; a text is needed'),
        ({"event": "endgroup", "port": "x"}, 'the graph "g" exports no inport "x"; it has "in"'),
        ({"type": 5}, '"type" is 5; a text is needed'),
        ({"schema": "person"}, '"schema" is "person"; a URI is needed'),
        ({"schema": "http://["}, '"schema" is "http://["; a URI is needed'),
    ]
    async with system.editor() as client:
        await repeater(client)
        for change, text in wrong:
            with pytest.raises(Refused) as refused:
                await client.ask("runtime", "packet", **{**good, **change})
            assert str(refused.value) == text
        await client.ask("runtime", "packet", **good)
        await client.told("runtime", "packet", payload=1)
        assert len(client.all("runtime", "packet")) == 1


def test_the_repository_of_the_library_is_sent_to_those_who_may_see_something(tmp_path: Path) -> None:
    (tmp_path / "msgflo.yaml").write_text("repository: https://example.org/home.git\n")
    system = LocalSystem(library=Library(tmp_path))

    async def main() -> None:
        async with system.editor() as here, system.editor(afar=True) as afar:
            assert (await here.ask("runtime", "getruntime"))["repository"] == "https://example.org/home.git"
            assert "repository" not in await afar.ask("runtime", "getruntime")

    system.run(main)
