"""graph:* on a running system: commands, their changes for all clients, refusals, and other sources of changes."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from editors import Editor, Refused
from fbp_schemas import commands
from local_system import LocalSystem
from msgflo_host.fbp.permissions import READY_MADE
from simulation import taking_part
from systems import Sink, Source, discovery_message

MAIN = "default/main"
A_OUT, B_IN = {"node": "a", "port": "out"}, {"node": "b", "port": "in"}
A_IN = {"node": "a", "port": "in"}


async def source_of(client: Editor, graph: str) -> Any:
    """The text of a graph, as editors open it."""
    return (await client.ask("component", "getsource", name=graph))["code"]


async def asked_until_gone(client: Editor, graph: str) -> None:
    while True:
        await client.ask("network", "getstatus", graph=graph)


ID = "1 to 200 characters are needed, each allowed in MQTT topics"

Step = tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]

STEPS: list[Step] = [
    ("clear", {"id": "g", "name": "G", "main": True, "library": "x", "icon": "i", "description": "d", "baseDir": "/"},
     [("clear", {"id": "g", "name": "G", "main": True, "library": "x", "icon": "i", "description": "d"})]),
    ("addnode", {"id": "a", "component": "core/Repeat", "metadata": {"x": 1.4, "label": "A"}},
     [("addnode", {"id": "a", "component": "core/Repeat", "metadata": {"x": 1, "label": "A"}})]),
    ("addnode", {"id": "b", "component": "no/Such"},
     [("addnode", {"id": "b", "component": "no/Such", "metadata": {}})]),
    ("changenode", {"id": "a", "metadata": {"label": None, "y": 2}},
     [("changenode", {"id": "a", "metadata": {"x": 1, "y": 2}})]),
    ("changenode", {"id": "a", "metadata": {}},
     [("changenode", {"id": "a", "metadata": {"x": 1, "y": 2}})]),
    ("changenode", {"id": "a", "metadata": {"x": None, "y": None}},
     [("changenode", {"id": "a", "metadata": {}})]),
    ("addedge", {"src": A_OUT, "tgt": B_IN, "metadata": {"route": 5, "schema": "http://x.y/z.json"}},
     [("addedge", {"src": A_OUT, "tgt": B_IN, "metadata": {"route": 5, "schema": "http://x.y/z.json"}})]),
    ("addedge", {"src": A_OUT, "tgt": {**B_IN, "index": 1}},
     [("addedge", {"src": A_OUT, "tgt": {**B_IN, "index": 1}, "metadata": {}})]),
    ("changeedge", {"src": A_OUT, "tgt": B_IN, "metadata": {"route": None, "secure": True}},
     [("changeedge", {"src": A_OUT, "tgt": B_IN, "metadata": {"schema": "http://x.y/z.json", "secure": True}})]),
    ("addinitial", {"src": {"data": None}, "tgt": A_IN},
     [("addinitial", {"src": {"data": None}, "tgt": A_IN, "metadata": {}})]),
    ("addinitial", {"src": {"data": [1, {"k": False}]}, "tgt": A_IN, "metadata": {"route": 1}},
     [("addinitial", {"src": {"data": [1, {"k": False}]}, "tgt": A_IN, "metadata": {"route": 1}})]),
    ("removeinitial", {"tgt": A_IN, "src": {"data": None}},
     [("removeinitial", {"tgt": A_IN, "src": {"data": None}})]),
    ("removeinitial", {"tgt": A_IN},
     [("removeinitial", {"tgt": A_IN, "src": {"data": [1, {"k": False}]}})]),
    ("addinport", {"public": "into", **A_IN, "metadata": {"x": 3.5}},
     [("addinport", {"public": "into", **A_IN, "metadata": {"x": 4}})]),
    ("renameinport", {"from": "INTO", "to": "entry"},
     [("renameinport", {"from": "into", "to": "entry"})]),
    ("removeinport", {"public": "entry"},
     [("removeinport", {"public": "entry"})]),
    ("addoutport", {"public": "out", **A_OUT},
     [("addoutport", {"public": "out", **A_OUT})]),
    ("renameoutport", {"from": "out", "to": "result"},
     [("renameoutport", {"from": "out", "to": "result"})]),
    ("removeoutport", {"public": "result"},
     [("removeoutport", {"public": "result"})]),
    ("addgroup", {"name": "pair", "nodes": ["a", "b"], "metadata": {"description": "both"}},
     [("addgroup", {"name": "pair", "nodes": ["a", "b"], "metadata": {"description": "both"}})]),
    ("changegroup", {"name": "pair", "metadata": {"description": None, "colour": 2}},
     [("changegroup", {"name": "pair", "metadata": {"colour": 2}})]),
    ("renamegroup", {"from": "pair", "to": "two"},
     [("renamegroup", {"from": "pair", "to": "two"})]),
    ("removegroup", {"name": "two"},
     [("removegroup", {"name": "two"})]),
    ("addgroup", {"name": "pair", "nodes": ["a", "b"]},
     [("addgroup", {"name": "pair", "nodes": ["a", "b"]})]),
    ("addoutport", {"public": "out", **A_OUT},
     [("addoutport", {"public": "out", **A_OUT})]),
    ("addinitial", {"src": {"data": 0}, "tgt": A_IN},
     [("addinitial", {"src": {"data": 0}, "tgt": A_IN, "metadata": {}})]),
    ("removeedge", {"src": A_OUT, "tgt": {**B_IN, "index": 1}},
     [("removeedge", {"src": A_OUT, "tgt": {**B_IN, "index": 1}})]),
    ("renamenode", {"from": "b", "to": "c"},
     [("renamenode", {"from": "b", "to": "c"})]),
    ("removenode", {"id": "a"},
     [("removeedge", {"src": A_OUT, "tgt": {"node": "c", "port": "in"}}),
      ("removeinitial", {"src": {"data": 0}, "tgt": A_IN}),
      ("removeoutport", {"public": "out"}),
      ("addgroup", {"name": "pair", "nodes": ["c"]}),
      ("removenode", {"id": "a"})]),
    ("clear", {"id": "g"},
     [("clear", {"id": "g"})]),
]  # fmt: skip


def told_of(frames: list[dict[str, Any]], graph: str) -> list[tuple[str, dict[str, Any]]]:
    """The graph's own messages among those that came, without its id."""
    told = []
    for frame in frames:
        payload = dict(frame["payload"]) if frame["protocol"] == "graph" else {}
        if frame["command"] == "clear" and payload.get("id") == graph:
            told.append(("clear", payload))
        elif payload.pop("graph", None) == graph:
            told.append((frame["command"], payload))
    return told


async def test_each_command_is_answered_and_sent_to_the_others_with_what_follows_from_it(system: LocalSystem) -> None:
    assert {command for command, _, _ in STEPS} == commands("input", "graph")
    async with system.editor() as one, system.editor() as two:
        for command, payload, changes in STEPS:
            since = len(one.frames), len(two.frames)
            graph = {} if command == "clear" else {"graph": "g"}
            answer = await one.ask("graph", command, **payload, **graph)
            assert answer == {**changes[-1][1], **graph}
            assert told_of(one.frames[since[0] :], "g") == changes
            answers = [frame["command"] for frame in one.frames[since[0] :] if "responseTo" in frame]
            assert answers == [command]
            end = {} if command == "clear" else changes[-1][1]
            await two.told("graph", command, since=since[1], **end)
            assert told_of(two.frames[since[1] :], "g") == changes
            assert not any("responseTo" in frame for frame in two.frames)


async def test_what_is_removed_or_renamed_twice_is_answered_twice_and_sent_once(system: LocalSystem) -> None:
    edits: list[tuple[str, dict[str, Any]]] = [
        ("removeedge", {"src": A_OUT, "tgt": B_IN}),
        ("removeinitial", {"src": {"data": 1}, "tgt": A_IN}),
        ("renameinport", {"from": "p", "to": "q"}),
        ("removeinport", {"public": "q"}),
        ("renamegroup", {"from": "n", "to": "m"}),
        ("removegroup", {"name": "m"}),
        ("renamenode", {"from": "b", "to": "c"}),
        ("removenode", {"id": "c"}),
    ]
    async with system.editor() as client, system.editor() as other:
        await client.ask("graph", "clear", id="g")
        for id in ("a", "b"):
            await client.ask("graph", "addnode", graph="g", id=id, component="core/Repeat")
        await client.ask("graph", "addedge", graph="g", src=A_OUT, tgt=B_IN)
        await client.ask("graph", "addinitial", graph="g", src={"data": 1}, tgt=A_IN)
        await client.ask("graph", "addinport", graph="g", public="p", **A_IN)
        await client.ask("graph", "addgroup", graph="g", name="n", nodes=["a"])
        for command, payload in edits:
            for _ in range(3):
                assert await client.ask("graph", command, graph="g", **payload) == {**payload, "graph": "g"}
        assert await client.ask("graph", "removeinitial", graph="g", tgt=A_IN) == {"tgt": A_IN, "graph": "g"}
        await client.ask("graph", "addnode", graph="g", id="end", component="core/Drop")
        await other.told("graph", "addnode", id="end")
        for command, payload in edits:
            assert other.all("graph", command) == [{**payload, "graph": "g"}]


async def test_a_refused_edit_changes_nothing_and_is_sent_to_nobody_else(system: LocalSystem) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("addnode", {"id": "x", "component": "core/Drop"}, "No graph specified"),
        ("addnode", {"id": "x", "component": "core/Drop", "graph": ""}, "No graph specified"),
        ("addnode", {"id": "x", "component": "core/Drop", "graph": None}, "No graph specified"),
        ("addnode", {"id": "x", "component": "core/Drop", "graph": "none"}, "Requested graph not found"),
        ("addnode", {"id": "x", "component": "core/Drop", "graph": 5}, '"graph" is 5; the id of a graph is needed'),
        ("clear", {}, '"id" is missing; a text is needed'),
        ("clear", {"id": ["g"]}, '"id" is a list of 1; a text is needed'),
        ("clear", {"id": ""}, f'"id" is ""; {ID}'),
        ("clear", {"id": "g\n"}, f'"id" is "g\ufffd"; {ID}'),
        ("clear", {"id": "n" * 201}, f'"id" is "{"n" * 59}…"; {ID}'),
        ("addnode", {"id": "a", "component": "core/Drop", "graph": "g"},
         "node 'a' exists with the component 'core/Repeat', so it cannot be 'core/Drop'"),
        ("addgroup", {"name": "n", "nodes": ["a", "x"], "graph": "g"}, "no node 'x' in the graph; nodes: a, b"),
    ]  # fmt: skip
    async with system.editor() as one, system.editor() as two:
        await one.ask("graph", "clear", id="g")
        await one.ask("graph", "addnode", graph="g", id="a", component="core/Repeat")
        await one.ask("graph", "addnode", graph="g", id="b", component="core/Drop")
        await two.told("graph", "addnode", id="b")
        before, since = await source_of(one, "g"), len(two.frames)
        for command, payload, text in wrong:
            with pytest.raises(Refused) as refused:
                await one.ask("graph", command, **payload)
            assert str(refused.value) == text
        assert await source_of(one, "g") == before
        await two.ask("network", "getstatus", graph="g")
        assert [frame["command"] for frame in two.frames[since:] if frame["protocol"] == "graph"] == []


async def test_who_is_discovered_is_a_node_that_can_be_used(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:
        for each in (one, two):
            await each.ask("runtime", "getruntime")
        async with taking_part(Source("sensor"), Sink("display"), broker=system.broker):
            for role in ("sensor", "display"):
                shown = await two.told("graph", "addnode", graph=MAIN, id=role)
                assert shown["payload"]["metadata"]["discovered"] is True
            since = len(two.frames)
            # A place makes it no part of the graph.
            await one.ask("graph", "changenode", graph=MAIN, id="sensor", metadata={"x": 5})
            await one.ask("graph", "changenode", graph=MAIN, id="sensor", metadata={"label": "S"})
            taken = await two.told("graph", "addnode", graph=MAIN, id="sensor", since=since)
            assert taken["payload"]["metadata"] == {}
            await two.told("graph", "changenode", graph=MAIN, id="sensor", metadata={"label": "S"})
            # It is shown again after all else has been removed.
            since = len(two.frames)
            await one.ask("graph", "clear", id=MAIN)
            await two.told("graph", "addnode", graph=MAIN, id="display", since=since)
            await two.told("graph", "addnode", graph=MAIN, id="sensor", since=since)


async def test_a_new_edge_is_answered_once_it_is_applied_and_at_once_where_an_end_is_absent(
    system: LocalSystem,
) -> None:
    inports = [{"id": "in", "queue": "mute/in"}]
    mute = discovery_message("mute", id="mute", inports=inports, bind="fbp/bind/mute", confirms=True)
    system.broker.publish("fbp/participant/mute", mute, retain=True)
    async with system.editor() as editor, taking_part(Source("source"), Sink("sink"), broker=system.broker):
        await system.wait(lambda status: len(status["nodes"]) >= 3)

        async def seconds(tgt: str) -> float:
            began = time.monotonic()
            src, end = {"node": "source", "port": "out"}, {"node": tgt, "port": "in"}
            await editor.ask("graph", "addedge", graph=MAIN, src=src, tgt=end)
            return time.monotonic() - began

        assert await seconds("sink") < 0.5
        assert system.status()["edges"][-1]["kind"] == "direct"
        assert await seconds("mute") == pytest.approx(2, abs=0.1), "it does not confirm its list"
        await editor.ask("graph", "addnode", graph=MAIN, id="away", component="test/Away")
        assert await seconds("away") == 0


async def test_who_has_left_for_good_is_no_node_any_more(system: LocalSystem) -> None:
    def announce(payload: str) -> None:
        system.broker.publish("fbp/participant/guest", payload, retain=True)

    async with system.editor() as client:
        await client.ask("runtime", "getruntime")
        announce(discovery_message("guest", id="guest"))
        await client.told("graph", "addnode", graph=MAIN, id="guest", component="x/Y")
        announce("")
        await client.told("graph", "removenode", graph=MAIN, id="guest")
        assert "guest" not in await source_of(client, MAIN)


async def test_a_fixture_goes_with_the_client_that_has_made_it_and_so_does_an_empty_graph(system: LocalSystem) -> None:
    async with system.editor() as stays:
        async with system.editor() as leaves:
            for graph in ("fixture.a", "kept"):
                await leaves.ask("graph", "clear", id=graph, main=False)
                await leaves.ask("graph", "addnode", graph=graph, id="a", component="core/Repeat")
            await leaves.ask("graph", "clear", id="empty", main=False)
            await stays.ask("graph", "clear", id="fixture.b", main=False)
            await stays.ask("graph", "addnode", graph="fixture.a", id="b", component="core/Repeat")
            with pytest.raises(Refused, match=r"^Requested graph not found$"):
                await stays.ask("graph", "addnode", graph="fixture.c", id="b", component="core/Repeat")
        for graph in ("fixture.a", "empty"):
            with pytest.raises(Refused, match=r"^Requested graph not found$"):
                await asked_until_gone(stays, graph)
        for graph in ("kept", "fixture.b"):
            assert not (await stays.ask("network", "getstatus", graph=graph))["started"]


def test_secure_initial_packets_are_masked_for_those_who_may_not_change_the_graph(tmp_path: Path) -> None:
    """They come and go by a command, with their node, by the file; and are in the graph's source."""
    viewer_secret, hush = "only-looks-and-sees", "hush, this is private"
    graph = {"processes": {"first": {"component": "core/Drop"}}, "connections": []}
    (tmp_path / "graph.json").write_text(json.dumps(graph))
    secure = {"metadata": {"secure": True}}
    packet = {"src": {"data": hush}, "tgt": {"node": "a", "port": "in"}, "graph": MAIN}
    masked = {**packet, "src": {"data": "DATA"}}

    async def main() -> None:
        async with system.editor() as one, system.editor() as two, system.editor(secret=viewer_secret) as viewer:
            await viewer.ask("runtime", "getruntime")
            for command in ("removeinitial", "removenode"):
                since = len(viewer.frames)
                await one.ask("graph", "addnode", graph=MAIN, id="a", component="core/Drop")
                assert await one.ask("graph", "addinitial", **packet, **secure) == {**packet, **secure}
                assert hush in await source_of(two, MAIN)
                code = json.loads(await source_of(viewer, MAIN))
                assert [each["data"] for each in code["connections"]] == ["DATA"]
                await (one.ask("graph", command, **packet) if command == "removeinitial" else one.ask(
                    "graph", command, graph=MAIN, id="a"
                ))  # fmt: skip
                await two.told("graph", "removeinitial", **packet)
                await viewer.told("graph", "removeinitial", since=since)
                assert viewer.all("graph", "addinitial", since=since) == [{**masked, **secure}]
                assert viewer.all("graph", "removeinitial", since=since) == [masked]
            since = len(viewer.frames)
            graph["connections"] = [{"data": hush, "tgt": {"process": "first", "port": "in"}, **secure}]
            (tmp_path / "graph.json").write_text(json.dumps(graph))
            told = await viewer.told("graph", "addinitial", since=since)
            assert told["payload"]["src"] == {"data": "DATA"}
            assert hush not in json.dumps(viewer.frames)
            assert hush in json.dumps(two.frames)

    system = LocalSystem(tmp_path / "graph.json", secrets={viewer_secret: READY_MADE["viewer"]})
    system.run(main)


def test_a_file_that_is_edited_is_sent_as_changes(tmp_path: Path) -> None:
    (tmp_path / "graph.fbp").write_text("first(core/Repeat) OUT -> IN second(core/Drop)\n")
    system = LocalSystem(tmp_path / "graph.fbp")

    async def main() -> None:
        async with system.editor() as client:
            await client.ask("runtime", "getruntime")
            (tmp_path / "graph.fbp").write_text(
                "first(core/Repeat) OUT -> IN third(core/Drop)\n5 -> IN first\nINPORT=first.IN:ENTRY\n"
            )
            added = await client.told("graph", "addnode", graph=MAIN, id="third")
            assert added["payload"]["component"] == "core/Drop"
            await client.told(
                "graph", "addedge", src={"node": "first", "port": "out"}, tgt={"node": "third", "port": "in"}
            )
            await client.told("graph", "addinitial", src={"data": 5}, tgt={"node": "first", "port": "in"})
            await client.told("graph", "removenode", graph=MAIN, id="second")
            while [port["id"] for port in client.all("runtime", "ports")[-1]["inPorts"]] != ["entry"]:
                await asyncio.sleep(0.01)
            await client.told("network", "data", data=5, tgt={"node": "third", "port": "in"})
            changes = [command for command, _ in told_of(client.frames, MAIN)]
            assert changes.index("removeedge") < changes.index("removenode")
            assert changes.count("addnode") == 1, "only what differs is sent"
            assert client.all("component", "component") == []

    system.run(main)
