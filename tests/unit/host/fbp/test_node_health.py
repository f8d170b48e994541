"""The states of nodes in editors: online, asleep, lost, and why; also in later editors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from editors import Editor
from local_system import LocalSystem
from systems import discovery_message

MAIN = "default/main"
PENDING, ASLEEP, LOST, OWN = "hourglass-o", "moon-o", "chain-broken", "bolt"


@pytest.fixture
def system() -> LocalSystem:
    return LocalSystem("board(x/Board)\n")


def say(system: LocalSystem, topic: str, payload: str) -> None:
    """Publish on a topic of the broker."""
    system.broker.publish(topic, payload, retain=True)


async def open_graph(client: Editor) -> None:
    await client.ask("runtime", "getruntime")
    await client.ask("network", "getstatus", graph=MAIN)


def last(client: Editor, node: str) -> str:
    """Return the error of a node in an editor, or its icon."""
    told = [
        f["payload"] for f in client.frames if f["command"] in ("icon", "processerror") and f["payload"]["id"] == node
    ]
    return told[-1].get("error", told[-1].get("icon")) if told else ""


async def until_shown(client: Editor, node: str, text: str) -> None:
    """Wait until an editor shows this of a node, also as a part of it."""
    while text not in last(client, node):
        await asyncio.sleep(0.02)


async def icon(client: Editor, name: str, *, since: int = 0) -> None:
    await client.told("network", "icon", since=since, graph=MAIN, id="board", icon=name)


def errors(client: Editor) -> list[Any]:
    return [payload["error"] for payload in client.all("network", "processerror")]


async def test_editors_are_notified_when_a_node_comes_sleeps_and_is_lost(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:
        for each in (one, two):
            await open_graph(each)
            await icon(each, PENDING)
        say(
            system,
            "fbp/participant/board",
            discovery_message("board", id="board", component="x/Board", icon="fa-bolt", connection="c"),
        )
        for status, shown in (("online", OWN), ("asleep", ASLEEP), ("online", OWN), ("lost", LOST), ("online", OWN)):
            since = {each: len(each.frames) for each in (one, two)}
            say(system, "fbp/connection/c", status)
            for each in (one, two):
                await icon(each, shown, since=0 if status == "online" else since[each])
        for each in (one, two):
            await each.told("network", "processerror", graph=MAIN, id="board", error="lost (connection lost)")
            assert errors(each) == ["lost (connection lost)"]


@pytest.mark.parametrize(
    ("status", "shown", "error"),
    [("asleep", ASLEEP, []), ("lost", LOST, ["lost (connection lost)"]), ("offline", LOST, ["lost (stopped)"])],
)
async def test_a_later_editor_gets_the_state_of_each_node(
    system: LocalSystem, status: str, shown: str, error: list[str]
) -> None:
    state = {"asleep": "asleep"}.get(status, "lost")
    say(system, "fbp/participant/board", discovery_message("board", id="board", component="x/Board", connection="c"))
    await system.wait(lambda found: [node["state"] for node in found["nodes"]] == ["alive"])
    say(system, "fbp/connection/c", status)
    await system.wait(lambda found: [node["state"] for node in found["nodes"]] == [state])
    async with system.editor() as client:
        await open_graph(client)
        await icon(client, shown)
        await client.ask("runtime", "getruntime")  # what came before its answer is all there is
        assert errors(client) == error


async def test_what_is_wrong_with_a_node_is_shown_for_as_long_as_it_is_so(system: LocalSystem) -> None:
    wrong = {"src": {"data": "in * (2"}, "tgt": {"node": "sum", "port": "expression"}}
    edge = {"src": {"node": "sum", "port": "out"}, "tgt": {"node": "next", "port": "no_such_port"}}
    async with system.editor() as client:
        await open_graph(client)
        for node, component in ("sum", "core/Expression"), ("next", "core/Repeat"):
            await client.ask("graph", "addnode", graph=MAIN, id=node, component=component)
        await client.ask("graph", "addedge", graph=MAIN, **edge)
        await client.ask("graph", "addinitial", graph=MAIN, **wrong)
        await until_shown(client, "sum", "in * (2")
        await until_shown(client, "next", "is refused")
        await client.ask("network", "stop", graph=MAIN)
        await until_shown(client, "sum", PENDING)
        since = len(client.frames)
        await client.ask("network", "start", graph=MAIN)
        await client.told("network", "icon", since=since, id="sum", icon="calculator")
        await until_shown(client, "sum", "in * (2")
        await until_shown(client, "next", "is refused")
        async with system.editor() as later:
            await open_graph(later)
            await until_shown(later, "sum", "in * (2")
            await until_shown(later, "next", "is refused")
        await client.ask("graph", "removeedge", graph=MAIN, **edge)
        await until_shown(client, "next", "repeat")
        await client.ask("graph", "removeinitial", graph=MAIN, **wrong)
        await until_shown(client, "sum", "calculator")


async def test_editors_are_notified_when_the_broker_goes_and_comes_back_and_what_waits_for_it(
    system: LocalSystem,
) -> None:
    async with system.editor() as client:
        await open_graph(client)
        system.broker.stop()
        away = f"the broker {system.broker.url} is out of reach: the graph is applied once it is back"
        await client.told("network", "output", message=away)
        await client.ask("graph", "addnode", graph=MAIN, id="other", component="x/Other")
        await client.told("network", "icon", graph=MAIN, id="other", icon=PENDING)
        await client.ask("graph", "addnode", graph=MAIN, id="here", component="core/Repeat")
        async with system.editor() as late:
            await open_graph(late)
            await late.told("network", "output", message=away)
        system.broker.start()
        await client.told("network", "output", message=f"the broker {system.broker.url} is back")
        lines = [payload["message"] for payload in client.all("network", "output")]
        assert [line for line in lines if line.startswith("the broker")] == lines


async def test_an_edge_or_packet_that_cannot_be_applied_is_an_error_of_its_node(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:
        await two.ask("runtime", "getruntime")
        for node, component in ("machine", "core/Repeat"), ("scale", "core/Scale"):
            await one.ask("graph", "addnode", graph=MAIN, id=node, component=component)
        tgt = {"node": "scale", "port": "factor"}
        await one.ask("graph", "addinitial", graph=MAIN, src={"data": 10}, tgt=tgt)
        await one.ask("graph", "addedge", graph=MAIN, src={"node": "machine", "port": "out"}, tgt=tgt)
        has = '"scale" has no inport "factor"; it has "in", "inmin", "inmax", "outmin", "outmax", "clamp"'
        for text in (f"initial packet: {has}", f"edge machine.out → scale.factor is refused: {has}"):
            await two.told("network", "processerror", id="scale", error=text, graph=MAIN)
