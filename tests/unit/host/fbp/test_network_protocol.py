"""network:* on a running system: start and stop, status, selected edges, and saving."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from editors import Editor, Refused
from local_system import LocalSystem

MAIN = "default/main"
EDGES = [
    {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}},
    {"src": {"node": "b", "port": "out"}, "tgt": {"node": "c", "port": "in"}},
]


async def chain(client: Editor, graph: str = "g") -> None:
    """Make a graph: 'go' → a → b → c."""
    await client.ask("graph", "clear", id=graph, main=False)
    for id in ("a", "b", "c"):
        await client.ask("graph", "addnode", graph=graph, id=id, component="core/Repeat")
    for edge in EDGES:
        await client.ask("graph", "addedge", graph=graph, **edge)
    await client.ask("graph", "addinitial", graph=graph, src={"data": "go"}, tgt={"node": "a", "port": "in"})


def data(frames: list[dict[str, Any]], graph: str = "g") -> list[tuple[str, Any]]:
    payloads = [f["payload"] for f in frames if (f["protocol"], f["command"]) == ("network", "data")]
    return [(payload["id"], payload["data"]) for payload in payloads if payload["graph"] == graph]


async def status(client: Editor, graph: str = "g") -> dict[str, Any]:
    found = await client.ask("network", "getstatus", graph=graph)
    assert found.pop("graph") == graph
    return dict(found)


WHOLE = [("DATA -> IN a()", "go"), ("a() OUT -> IN b()", "go"), ("b() OUT -> IN c()", "go")]


async def test_a_graph_is_started_and_stopped_and_all_are_notified(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:
        await chain(one)
        assert await status(one) == {"running": False, "started": False}
        assert data(one.frames) == [], "nothing runs before it is started"
        for turn in range(2):
            since = len(one.frames), len(two.frames)
            started = await one.ask("network", "start", graph="g")
            assert datetime.fromisoformat(started.pop("time")).utcoffset() is not None
            assert started == {"graph": "g", "running": True, "started": True}
            for client, begin in ((one, since[0]), (two, since[1])):
                await client.told("network", "data", since=begin, id="b() OUT -> IN c()")
                assert data(client.frames[begin:]) == WHOLE
                commands = [frame["command"] for frame in client.frames[begin:]]
                assert commands.index("started") < commands.index("data")
            assert await status(two) == {"running": False, "started": True}, "none of it sends by itself"

            stopped = await one.ask("network", "stop", graph="g")
            assert datetime.fromisoformat(stopped.pop("time")).utcoffset() is not None
            assert 0 <= stopped.pop("uptime") < 60
            assert stopped == {"graph": "g", "running": False, "started": False}
            told = await two.told("network", "stopped", graph="g", since=since[1])
            assert "responseTo" not in told, turn
            assert await status(two) == {"running": False, "started": False}


async def test_the_main_graph_runs_from_the_beginning_and_can_be_stopped(system: LocalSystem) -> None:
    async with system.editor() as client:
        assert (await status(client, MAIN))["started"]
        send = {"graph": MAIN, "port": "in", "event": "data", "payload": 1}
        await client.ask("graph", "addinport", graph=MAIN, public="in", node="first", port="in")
        await client.ask("runtime", "packet", **send)
        await client.told("network", "data", id="first() OUT -> IN second()", data=1)
        await client.ask("network", "stop", graph=MAIN)
        assert await status(client, MAIN) == {"running": False, "started": False}
        with pytest.raises(Refused, match="is not started"):
            await client.ask("runtime", "packet", **send)
        await client.ask("network", "start", graph=MAIN)
        await client.ask("runtime", "packet", **{**send, "payload": 2})
        await client.told("network", "data", id="first() OUT -> IN second()", data=2)


async def test_debug_belongs_to_a_graph_and_is_in_its_status(system: LocalSystem) -> None:
    async with system.editor() as one, system.editor() as two:
        await chain(one)
        assert await one.ask("network", "debug", graph="g", enable=True) == {"graph": "g", "enable": True}
        assert (await status(two))["debug"] is True
        assert "debug" not in await status(two, MAIN)
        assert (await one.ask("network", "start", graph="g"))["debug"] is True
        assert await two.ask("network", "debug", graph="g", enable=False) == {"graph": "g", "enable": False}
        assert "debug" not in await status(one)
        for wrong in (None, 1, "true"):
            with pytest.raises(Refused, match="allowed: true, false"):
                await one.ask("network", "debug", graph="g", enable=wrong)


async def test_a_client_gets_the_packets_of_the_edges_that_it_has_selected(system: LocalSystem) -> None:
    async with system.editor() as some, system.editor() as all_of_them:
        await chain(some)
        chosen = {"graph": "g", "edges": [EDGES[1]]}
        assert await some.ask("network", "edges", **chosen) == chosen
        await some.ask("network", "start", graph="g")
        await some.told("network", "data", id="b() OUT -> IN c()")
        await all_of_them.told("network", "data", id="b() OUT -> IN c()")
        assert ("a() OUT -> IN b()", "go") not in data(some.frames)
        assert data(all_of_them.frames) == WHOLE
        # An empty selection is none: what was left out comes again.
        since = len(some.frames)
        assert await some.ask("network", "edges", graph="g", edges=[]) == {"graph": "g", "edges": []}
        await some.ask("network", "start", graph="g")
        await some.told("network", "data", since=since, id="b() OUT -> IN c()")
        assert data(some.frames[since:]) == WHOLE


async def test_edges_are_answered_as_they_were_selected_or_refused(system: LocalSystem) -> None:
    end = {"node": "a", "port": "OUT", "index": 2}
    wrong: list[tuple[Any, str]] = [
        (None, '"edges" is missing; a list of at most 10000 edges is needed'),
        ({}, '"edges" is an empty object; a list of at most 10000 edges is needed'),
        ([EDGES[0]] * 10_001, '"edges" is a list of 10001; a list of at most 10000 edges is needed'),
        (["a"], 'edges[0] is "a"; an object with "src" and "tgt" is needed'),
        ([{"src": end}], '"tgt" of edges[0] is missing; an object with "node" and "port" is needed'),
        ([{"src": {"node": "a"}, "tgt": end}], '"port" is missing; a text is needed'),
        ([{"src": end, "tgt": {**end, "index": True}}],
         '"index" of "tgt" of edges[0] is true; a whole number or a text is needed'),
    ]  # fmt: skip
    async with system.editor() as client:
        edges = [{"src": end, "tgt": {**end, "index": "x"}}, {"src": {"node": "no", "port": "such"}, "tgt": end}]
        more = [{**edge, "metadata": {}} for edge in edges]
        assert await client.ask("network", "edges", graph=MAIN, edges=more) == {"graph": MAIN, "edges": edges}
        for selection, text in wrong:
            id = await client.send("network", "edges", {"graph": MAIN, "edges": selection})
            answer = await client.told("network", "error", message=text)
            assert answer["responseTo"] == id


def test_a_saved_graph_is_in_its_file_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "graph.fbp").write_text("first(core/Repeat) OUT -> IN second(core/Drop)\n")
    system = LocalSystem(tmp_path / "graph.fbp")

    async def main() -> None:
        async with system.editor() as client:
            await chain(client)
            await client.ask("graph", "addnode", graph=MAIN, id="third", component="core/Not")
            assert "third" not in (tmp_path / "graph.fbp").read_text()
            assert await client.ask("network", "persist") == {}
            written = (tmp_path / "graph.fbp").read_text()
            assert "third(core/Not" in written
            assert "first(core/Repeat" in written
            assert " a(" not in written

    system.run(main)


async def test_what_cannot_be_saved_is_answered_with_the_reason(system: LocalSystem) -> None:
    async with system.editor() as client:
        with pytest.raises(Refused, match="started without the file of a graph"):
            await client.ask("network", "persist")
