"""The packets that editors of a running coordinator get: selection, rate, size and masking."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from editors import Editor
from fbp_service import joined, read
from local_system import LocalSystem
from memory_broker import MemoryBroker
from msgflo_host.fbp.client_list import BEHIND
from simulation import until
from systems import discovery_message

MAIN = "default/main"
TAPS = "msgflo-coordinator-view"
GRAPH = """\
button(x/Device) OUT -> IN lamp(x/Device)
button(x/Device) OTHER -> OTHER lamp(x/Device)
lamp(x/Device) OUT -> IN fast(core/Repeat) OUT -> IN last(core/Repeat) OUT -> IN bell(x/Device)
"""
FIRST, SECOND = "button() OUT -> IN lamp()", "button() OTHER -> OTHER lamp()"


def announce(broker: MemoryBroker, role: str, **outports: str) -> None:
    """Have a device that takes direct bindings say so; `outports` have topics of their own."""
    outports = {"out": f"{role}/out", "other": f"{role}/other", **outports}
    message = discovery_message(
        role,
        id=role,
        component="x/Device",
        bind=f"fbp/bind/{role}",
        inports=[{"id": port, "queue": f"{role}/{port}"} for port in ("in", "other")],
        outports=[{"id": port, "queue": topic} for port, topic in outports.items()],
    )
    broker.publish(f"fbp/participant/{role}", message, retain=True)


@pytest.fixture
def system() -> LocalSystem:
    system = LocalSystem(GRAPH)
    for role in ("button", "lamp", "bell"):
        announce(system.broker, role)
    return system


async def bound(system: LocalSystem) -> None:
    """Wait until the devices are bound."""
    await system.wait(lambda status: sum(edge["kind"] == "direct" for edge in status["edges"]) >= 4)


def followed(system: LocalSystem) -> set[str]:
    """The topics that the coordinator reads for those who look."""
    sessions = system.broker.sessions
    return {topic for topic in sessions[TAPS].filters if not topic.startswith("fbp/")} if TAPS in sessions else set()


async def follows(system: LocalSystem, *topics: str) -> None:
    await until(lambda: followed(system) == set(topics))


def seen(client: Editor, since: int = 0) -> list[tuple[str, str, Any]]:
    """Graph, edge and data of each packet that a client was shown."""
    payloads = client.all("network", "data", since=since)
    return [(payload["graph"], payload["id"], payload["data"]) for payload in payloads]


def ends(src: str, tgt: str) -> dict[str, Any]:
    names = [dict(zip(("node", "port"), end.split("."), strict=True)) for end in (src, tgt)]
    return {"src": names[0], "tgt": names[1]}


async def look(client: Editor, *edges: dict[str, Any], graph: str = MAIN) -> None:
    await client.ask("network", "edges", graph=graph, edges=list(edges))


ALL = ("button/out", "button/other", "lamp/out", "fast/out", "last/out")


async def test_packets_of_the_selected_edges_are_shown_and_where_none_is_selected_all(system: LocalSystem) -> None:
    await bound(system)
    async with system.editor() as one, system.editor() as two:
        await look(one, ends("button.out", "lamp.IN"))
        await follows(system, *ALL)
        system.broker.publish("button/other", "1")
        system.broker.publish("button/out", "2")
        for client in (one, two):
            await client.told("network", "data", id=FIRST, data=2)
        assert seen(one) == [(MAIN, FIRST, 2)]
        assert seen(two) == [(MAIN, SECOND, 1), (MAIN, FIRST, 2)]
        await look(one)
        system.broker.publish("button/other", "3")
        await one.told("network", "data", id=SECOND, data=3)


async def test_a_topic_of_a_directly_bound_edge_is_read_only_while_somebody_watches(system: LocalSystem) -> None:
    await bound(system)
    assert followed(system) == set()
    async with system.editor() as one:
        await follows(system, *ALL)
        await look(one, ends("button.out", "lamp.in"))
        await follows(system, "button/out")
        async with system.editor() as two:
            await follows(system, *ALL)
            await look(two, ends("button.other", "lamp.other"))
            await follows(system, "button/out", "button/other")
        await follows(system, "button/out")
        await one.ask("network", "stop", graph=MAIN)
        await follows(system)
        await one.ask("network", "start", graph=MAIN)
        await follows(system, "button/out")
    await follows(system)


async def test_packets_beyond_the_rate_of_an_edge_are_counted_for_that_edge(system: LocalSystem) -> None:
    await bound(system)
    async with system.editor() as client:
        await follows(system, *ALL)
        for number in range(500):
            system.broker.publish("button/out", str(number))
        system.broker.publish("button/other", "null")
        await client.told("network", "data", id=SECOND, data=None)
        shown, told = 0, 0
        async with asyncio.timeout(20):
            while shown + told != 500:
                await asyncio.sleep(0.05)
                texts = [payload["message"] for payload in client.all("network", "output")]
                told = sum(
                    int(count)
                    for text in texts
                    for count in re.findall(rf"(\d+) of {re.escape(FIRST)}", text)
                    if text.startswith(f"{MAIN}: packets not shown")
                )
                shown = sum(id == FIRST for _, id, _ in seen(client))
        assert shown < 300
        assert SECOND not in str(client.all("network", "output"))


async def test_data_on_secure_edges_is_masked_for_everybody(system: LocalSystem) -> None:
    """On MQTT, in memory, as an initial packet, in traces, and in what is said of packets that were left out."""
    secret = "hush, this is private"
    secure = {"metadata": {"secure": True}}
    edges = [ends("button.out", "lamp.in"), ends("lamp.out", "fast.in"), ends("fast.out", "last.in")]
    edges.append(ends("last.out", "bell.in"))
    await bound(system)
    async with system.editor() as one, system.editor() as two:
        await follows(system, *ALL)
        for edge in edges:
            await one.ask("graph", "changeedge", graph=MAIN, **edge, **secure)
        # From the answer on.
        system.broker.publish("button/out", json.dumps(secret))
        system.broker.publish("lamp/out", json.dumps(secret))
        last = "last() OUT -> IN bell()"
        for client in (one, two):
            await client.told("network", "data", id=last, data="DATA")
            await client.told("network", "data", id=FIRST, data="DATA")
        await one.ask("trace", "start", graph=MAIN)
        initial = {"src": {"data": secret}, "tgt": {"node": "fast", "port": "in"}}
        await one.ask("graph", "addinitial", graph=MAIN, **initial, **secure)
        await two.told("network", "data", id="DATA -> IN fast()", data="DATA")
        for _ in range(300):
            system.broker.publish("button/out", json.dumps(secret))
        output = await one.told("network", "output")
        assert FIRST in output["payload"]["message"]
        trace = await one.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        events = json.loads(trace["flowtrace"])["events"]
        assert [e for e in events if e["payload"].get("data") == "DATA"]
        for event in events:
            assert secret not in json.dumps(event)
        for client in (one, two):  # who may change the graph is told what is in it
            frames = [f for f in client.frames if (f["protocol"], f["command"]) != ("graph", "addinitial")]
            assert secret not in json.dumps(frames)


async def test_a_packet_that_somebody_sends_is_shown_to_all_who_watch_and_traced_with_secrets_masked(
    system: LocalSystem,
) -> None:
    await bound(system)
    async with system.editor() as one, system.editor() as two:
        await look(two, ends("button.out", "lamp.in"))
        await one.ask("trace", "start", graph=MAIN)
        for node, port in (("bell", "IN"), ("lamp", "OTHER")):
            await one.ask("graph", "addinport", graph=MAIN, public=node, node=node, port=port)
        secure = {"metadata": {"secure": True}}
        await one.ask("graph", "changeedge", graph=MAIN, **ends("button.other", "lamp.other"), **secure)
        for node, data in (("lamp", "hush"), ("bell", [1])):
            await one.ask("runtime", "packet", graph=MAIN, port=node, event="data", payload=data)
        for client in (one, two):
            told = await client.told("network", "data", id="DATA -> IN bell()")
            assert told["payload"] == {
                "id": "DATA -> IN bell()",
                "graph": MAIN,
                "tgt": {"node": "bell", "port": "IN"},
                "data": [1],
            }
            assert [data for _, id, data in seen(client) if id == "DATA -> OTHER lamp()"] == ["DATA"]
        trace = await one.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        traced = [each["payload"] for each in json.loads(trace["flowtrace"])["events"] if each["command"] == "data"]
        assert [(each["src"], each["data"]) for each in traced if each["tgt"]["node"] == "bell"][-1] == (None, [1])
        assert "hush" not in trace["flowtrace"]


def test_a_client_that_is_behind_misses_packets_and_nothing_else_and_learns_how_many() -> None:
    system = LocalSystem("one(core/Repeat) OUT -> IN two(core/Repeat)\n")

    async def main() -> None:
        coordinator, service = system.coordinator, system.service
        slow, quick = joined(service), joined(service)
        await follows(system, "one/out")
        for _ in range(BEHIND):
            service.clients.broadcast("network", "output", {"message": "noise"})
        read(quick)
        shown: list[dict[str, Any]] = []  # to the quick one

        async def packet(data: int) -> None:
            """Send one, and wait until somebody has seen it."""
            system.broker.publish("one/in", str(data))
            while data not in [f["payload"]["data"] for f in shown if f["command"] == "data"]:
                await asyncio.sleep(0.01)
                shown.extend(read(quick))

        await packet(1)
        async with asyncio.timeout(20):
            while (last := json.loads(slow._queue[-1].data))["payload"].get("message", "noise") == "noise":
                await asyncio.sleep(0.02)
        missed = f"{MAIN}: packets not shown in the last second: 1 of one() OUT -> IN two()"
        assert last["payload"] == {"message": missed}
        assert missed not in [frame["payload"].get("message") for frame in shown + read(quick)]
        coordinator.graphs.edit(MAIN, "addnode", {"id": "three", "component": "core/Repeat"})
        frames = read(slow)
        assert "data" not in [frame["command"] for frame in frames]
        assert "three" in [frame["payload"].get("id") for frame in frames]
        await packet(2)
        assert [frame["payload"]["data"] for frame in read(slow) if frame["command"] == "data"] == [2]

    system.run(main)


async def test_a_network_with_devices_runs_while_one_of_them_is_there_also_where_nobody_watches(
    system: LocalSystem,
) -> None:
    await bound(system)
    async with system.editor() as client:
        assert (await client.ask("network", "getstatus", graph=MAIN))["running"] is True
        await client.ask("graph", "clear", id="absent")
        await client.ask("graph", "addnode", graph="absent", id="nobody", component="x/Nobody")
        await client.ask("network", "start", graph="absent")
        assert (await client.ask("network", "getstatus", graph="absent"))["running"] is False
        await client.ask("network", "stop", graph=MAIN)
        assert (await client.ask("network", "getstatus", graph=MAIN))["running"] is False


async def test_an_edge_of_several_graphs_is_shown_in_each_that_is_started(system: LocalSystem) -> None:
    await bound(system)
    async with system.editor() as client:
        for graph in ("running", "stopped"):
            await client.ask("graph", "clear", id=graph)
            for role in ("button", "lamp"):
                await client.ask("graph", "addnode", graph=graph, id=role, component="x/Device")
            await client.ask("graph", "addedge", graph=graph, **ends("button.OUT", "lamp.in"))
        await client.ask("network", "start", graph="running")
        await client.ask(
            "graph", "changeedge", graph="running", **ends("button.out", "lamp.in"), metadata={"secure": True}
        )
        async with asyncio.timeout(20):
            while not [graph for graph, _, _ in seen(client) if graph == "running"]:
                system.broker.publish("button/out", "0")
                await asyncio.sleep(0.05)
        system.broker.publish("button/other", '"begin"')
        await client.told("network", "data", id=SECOND, data="begin")
        since = len(client.frames)
        system.broker.publish("button/out", "1")
        system.broker.publish("button/other", "2")
        await client.told("network", "data", id=SECOND, data=2, since=since)
        assert sorted(seen(client, since)) == [
            (MAIN, SECOND, 2), (MAIN, FIRST, 1), ("running", FIRST, "DATA"),
        ]  # fmt: skip
        # A client that has selected edges in one graph
        await look(client, ends("button.other", "lamp.other"))
        await look(client, ends("button.out", "lamp.in"), graph="running")
        since = len(client.frames)
        system.broker.publish("button/out", "3")
        system.broker.publish("button/other", "4")
        await client.told("network", "data", id=SECOND, data=4, since=since)
        assert seen(client, since) == [("running", FIRST, "DATA"), (MAIN, SECOND, 4)]


async def test_packets_on_topics_with_wildcards_are_shown(system: LocalSystem) -> None:
    await bound(system)
    async with system.editor() as client:
        announce(system.broker, "house", rooms="rooms/+/heat", attic="rooms/attic/heat")
        await client.told("graph", "addnode", id="house")
        for port in ("rooms", "attic"):
            await client.ask("graph", "addedge", graph=MAIN, **ends(f"house.{port}", "bell.in"))
        await follows(system, *ALL, "rooms/+/heat", "rooms/attic/heat")
        rooms, attic = "house() ROOMS -> IN bell()", "house() ATTIC -> IN bell()"
        system.broker.publish("rooms/kitchen/heat", "1")
        system.broker.publish("rooms/attic/heat", "2")
        system.broker.publish("rooms/attic/light", "3")
        system.broker.publish("button/other", "4")
        system.broker.publish("rooms/attic/heat", "5")
        for id, last in ((rooms, 5), (attic, 5), (SECOND, 4)):
            await client.told("network", "data", id=id, data=last)
        assert sorted(seen(client), key=lambda each: (each[2], each[1])) == [
            (MAIN, rooms, 1),
            (MAIN, attic, 2),
            (MAIN, rooms, 2),
            (MAIN, SECOND, 4),
            (MAIN, attic, 5),
            (MAIN, rooms, 5),
        ]
