"""Participants that are graphs: editors open them, edit them and see their data; their messages are not trusted."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest

from editors import Editor, Refused
from graph_participant import MAIN, LocalGraphParticipant
from local_system import LocalSystem
from msgflo_host.fbp.permissions import ALL, READY_MADE
from simulation import pass_time

INNER = "home/Inner"
NODE = {"id": "a", "component": "tiny/Repeat", "metadata": {"x": 1}}
EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}
INITIAL = {"src": {"data": 5}, "tgt": {"node": "a", "port": "in"}}


async def shown(client: Editor, component: str = INNER) -> dict[str, Any]:
    """The component of a graph, as soon as the editor is told of it."""
    await client.ask("runtime", "getruntime")
    listed = await client.listing()
    if component not in listed:
        frame = await client.told("component", "component", name=component)
        listed[component] = frame["payload"]
    await pass_time(1)  # it is listed a moment before it can be opened
    return dict(listed[component])


@pytest.mark.parametrize("numbers", [True, False], ids=["0.8", "0.7"])
async def test_two_editors_open_a_participant_that_is_a_graph_edit_it_and_see_its_data(
    system: LocalSystem, numbers: bool
) -> None:
    with LocalGraphParticipant("inner", system.broker, numbers=numbers):
        async with system.editor() as one, system.editor() as two:
            assert (await shown(one))["subgraph"] is True
            await shown(two)
            source = await one.ask("component", "getsource", name=INNER)
            assert (source["name"], source["language"], "library" in source) == ("home/Inner", "json", False)
            assert json.loads(source["code"])["processes"] == {}
            status = await two.ask("network", "getstatus", graph=INNER)
            assert status == {"graph": INNER, "running": True, "started": True}
            edits: list[tuple[str, dict[str, Any]]] = [
                ("addnode", NODE), ("addnode", {**NODE, "id": "b"}), ("addedge", EDGE), ("addinitial", INITIAL)
            ]  # fmt: skip
            for command, payload in edits:
                assert await one.ask("graph", command, graph=INNER, **payload) == {"graph": INNER, **payload}
                assert "responseTo" not in await two.told("graph", command, graph=INNER, **payload)
                assert one.all("graph", command).count({"graph": INNER, **payload}) == 1
            await two.ask("network", "edges", graph=INNER, edges=[EDGE])
            await two.ask("network", "start", graph=INNER)
            for each in (one, two):
                seen = (await each.told("network", "data", graph=INNER))["payload"]
                assert seen == {"id": "a() OUT -> IN b()", "graph": INNER, "data": 5, **EDGE}
            assert set(json.loads((await two.ask("component", "getsource", name=INNER))["code"])["processes"]) == set(
                "ab"
            )


def edge(src: str, tgt: str) -> dict[str, Any]:
    return {"src": {"node": src, "port": "out"}, "tgt": {"node": tgt, "port": "in"}}


async def test_the_runtime_is_asked_for_the_edges_that_an_editor_selects_and_need_not_answer(
    system: LocalSystem,
) -> None:
    upper = {"src": {"node": "b", "port": "OUT"}, "tgt": {"node": "c", "port": "in"}}

    inner = LocalGraphParticipant("inner", system.broker)
    with inner:
        async with system.editor() as one:
            await shown(one)
            answer = await one.ask("network", "edges", graph=INNER, edges=[edge("a", "b"), upper])
            assert answer == {"graph": INNER, "edges": [edge("a", "b"), upper]}
            await one.ask("network", "getstatus", graph=INNER)
            assert [each["payload"] for each in inner.got("edges")] == [{"graph": MAIN, "edges": answer["edges"]}]
            with pytest.raises(Refused, match=r'edges\[0\] is 5; an object with "src" and "tgt" is needed'):
                await one.ask("network", "edges", graph=INNER, edges=[5])


async def test_many_and_large_packets_of_it_are_shown_as_few_and_short_and_the_rest_is_counted(
    system: LocalSystem,
) -> None:
    def say(data: Any) -> None:
        payload = {"id": "ab", **edge("a", "b"), "data": data, "graph": MAIN}
        inner.say({"protocol": "network", "command": "data", "payload": payload})

    inner = LocalGraphParticipant("inner", system.broker)
    with inner:
        async with system.editor() as one:
            await shown(one)
            await one.ask("network", "getstatus", graph=INNER)
            say(["x" * 100_000])
            for number in range(500):
                say(number)
            missing = 501
            while missing:
                await pass_time(0.5)
                texts = [payload["message"] for payload in one.all("network", "output")]
                told = [re.fullmatch(rf"{INNER}: packets not shown in the last second: (\d+) of ab", t) for t in texts]
                missing = 501 - len(one.all("network", "data")) - sum(int(each[1]) for each in told if each)
            packets = [payload["data"] for payload in one.all("network", "data")]
            assert re.fullmatch(r'\["x{998}… \(100004 bytes\)', packets[0])
            assert len(packets) < 400


def test_secrets_are_not_passed_on_and_what_a_client_may_not_do_is_refused_here() -> None:
    secret = "correct-horse-battery"
    system = LocalSystem(secrets={secret: ALL})
    inner = LocalGraphParticipant("inner", system.broker)

    async def main() -> None:
        with inner:
            async with system.editor(secret=secret) as one, system.editor(afar=True) as stranger:
                await shown(one)
                assert not (await stranger.ask("runtime", "getruntime"))["capabilities"]
                await one.ask("graph", "addnode", graph=INNER, secret=secret, **NODE)
                with pytest.raises(Refused, match="graph:addnode is not permitted"):
                    await stranger.ask("graph", "addnode", graph=INNER, **NODE)
                await one.ask("network", "getstatus", graph=INNER)
                assert not stranger.all("graph", "addnode")

    system.run(main)
    assert secret not in json.dumps(inner.requests)
    # It is asked for its graph again where the answer takes a second.
    commands = [request["command"] for request in inner.requests]
    assert [command for command in commands if command != "getruntime"] == ["addnode", "getstatus"]


def test_its_secure_initial_packets_are_masked_for_those_who_may_not_change_it() -> None:
    viewer_secret, hush = "only-looks-and-sees", "hush, this is private"
    system = LocalSystem(secrets={viewer_secret: READY_MADE["viewer"]})
    initial = {"src": {"data": hush}, "tgt": {"node": "a", "port": "in"}}
    secure = {"metadata": {"secure": True}}
    masked = {**initial, "src": {"data": "DATA"}, **secure, "graph": INNER}

    async def main() -> None:
        with LocalGraphParticipant("inner", system.broker):
            async with system.editor() as one, system.editor(secret=viewer_secret) as viewer:
                await shown(one)
                await shown(viewer)
                await one.ask("graph", "addnode", graph=INNER, **NODE)
                answer = await one.ask("graph", "addinitial", graph=INNER, **initial, **secure)
                assert answer == {**initial, **secure, "graph": INNER}
                await viewer.told("graph", "addinitial")
                assert viewer.all("graph", "addinitial") == [masked]
                code = (await viewer.ask("component", "getsource", name=INNER))["code"]
                assert [each["data"] for each in json.loads(code)["connections"]] == ["DATA"]
                assert hush in (await one.ask("component", "getsource", name=INNER))["code"]
                await one.ask("graph", "removeinitial", graph=INNER, **initial)
                await viewer.told("graph", "removeinitial", tgt=initial["tgt"])
                assert hush not in json.dumps(viewer.frames)

    system.run(main)


async def test_graphs_that_share_a_component_are_reached_by_their_roles(system: LocalSystem) -> None:
    left, right = (LocalGraphParticipant(role, system.broker) for role in ("left", "right"))
    with left, right:
        async with system.editor() as one:
            await shown(one)
            for role in ("left", "right"):
                await opened(one, role)
                assert (await one.ask("graph", "addnode", graph=role, **NODE))["graph"] == role
            for each in (left, right):
                each.say({"protocol": "network", "command": "icon", "payload": {"id": "a", "icon": "x", "graph": MAIN}})
            for role in ("left", "right"):
                await one.told("network", "icon", graph=role, id="a")
    assert left.got("addnode")
    assert right.got("addnode")


async def test_one_that_is_silent_and_one_that_is_lost_are_reported_to_who_asks(system: LocalSystem) -> None:
    inner = LocalGraphParticipant("inner", system.broker, deaf=True)
    with inner:
        async with system.editor() as one:
            await shown(one)
            with pytest.raises(Refused, match='the participant of the graph "home/Inner" has not answered within 4 s'):
                await one.ask("component", "getsource", name=INNER)
            await one.send("network", "getstatus", {"graph": INNER})
            inner.vanish()
            gone = await one.told("network", "error")
            assert gone["payload"]["message"] == 'the participant of the graph "home/Inner" is lost'
            with pytest.raises(Refused, match='the participant of the graph "home/Inner" is lost'):
                await one.ask("graph", "addnode", graph=INNER, **NODE)
            # Nothing of ours is in its way.
            await one.ask("network", "getstatus", graph="default/main")
            with LocalGraphParticipant("inner", system.broker):
                await opened(one, INNER)
                await one.ask("graph", "addnode", graph=INNER, **NODE)


async def test_names_of_ours_are_ours(system: LocalSystem) -> None:
    first = LocalGraphParticipant("default/main", system.broker, component="core/Repeat")
    with first, LocalGraphParticipant("other", system.broker, component="core/Repeat"):
        async with system.editor() as one:
            await shown(one, "core/Repeat")
            await system.wait(lambda status: any(node["id"] == "default/main" for node in status["nodes"]))
            assert (await one.ask("component", "getsource", name="core/Repeat"))["language"] == "python"
            await one.ask("graph", "addnode", graph="default/main", id="mine", component="core/Repeat")
            assert not (await one.listing())["core/Repeat"]["subgraph"]
            # By the name that is left to it, it still can be reached.
            await opened(one, "other")
    assert {request["command"] for request in first.requests} <= {"getruntime"}


async def opened(client: Editor, graph: str) -> None:
    """Wait until a graph is known by this name."""
    for _ in range(300):
        with suppress(Refused):
            await client.ask("network", "getstatus", graph=graph)
            return
        await pass_time(0.1)
    raise AssertionError(f"{graph} is not known")


async def test_a_silent_graph_of_the_namespace_has_its_declaration_as_its_source(system: LocalSystem) -> None:
    name = "default/Inner"

    inner = LocalGraphParticipant("inner", system.broker, component=name, deaf=True)
    with inner:
        async with system.editor() as one:
            await shown(one, name)
            assert (await one.ask("component", "getsource", name=name))["language"] == "yaml"
            inner.deaf = False
            while (await one.ask("component", "getsource", name=name))["language"] != "json":
                await pass_time(0.1)


HOSTILE: dict[str, bytes | dict[str, Any]] = {
    "the message is not JSON": b"{",
    "the message is no object": b"[1]",
    "nested more than": b'{"payload":' + b'{"a":' * 3000 + b"1" + b"}" * 3001,
    "a message has 1048577 bytes; at most 1048576": b" " * 1048577,
    '"protocol" is a list of 1': {"protocol": ["graph"], "command": "addnode", "payload": {}},
    '"command" and "responseTo" must be texts': {"protocol": "graph", "command": {}, "payload": {}},
    "and may hold \"responseTo\", nothing else": {"protocol": "graph", "command": "x", "payload": {}, "secret": "s"},
    "explode": {"protocol": "network", "command": "explode", "payload": {}},
    'is about "default/main"': {"protocol": "graph", "command": "addnode", "payload": {**NODE, "graph": "default/main"}},
    'about "other/graph"': {"protocol": "graph", "command": "clear", "payload": {"id": "other/graph"}},
    "names its edge in more than 4096 bytes": {
        "protocol": "network", "command": "data", "payload": {"id": "i" * 5000, **EDGE, "data": 1, "graph": MAIN}
    },
    "Object missing required field": {
        "protocol": "network", "command": "data", "payload": {"id": "a", "data": 1, "graph": MAIN}
    },
}  # fmt: skip


async def test_messages_that_it_may_not_send_are_dropped_with_one_log_line(
    system: LocalSystem, caplog: pytest.LogCaptureFixture
) -> None:
    inner = LocalGraphParticipant("inner", system.broker)
    with inner:
        async with system.editor() as one:
            await shown(one)
            await one.ask("network", "getstatus", graph=INNER)
            since = len(one.frames)
            for frame in HOSTILE.values():
                for _ in range(3):
                    inner.say(frame)
            inner.say({"protocol": "network", "command": "error", "payload": {"message": "it is hot"}})
            told = await one.told("network", "output")
            assert told["payload"] == {"message": "home/Inner: it is hot"}
            assert one.frames[since:] == [told]
    for complaint in HOSTILE:
        assert caplog.text.count(complaint) == 1, complaint
    assert "Traceback" not in caplog.text


async def test_a_later_editor_gets_its_exported_ports(system: LocalSystem) -> None:
    inner = LocalGraphParticipant("inner", system.broker)
    with inner:
        for _ in range(2):  # what it has said to nobody it is asked again
            async with system.editor() as one:
                await shown(one)
                await one.told("runtime", "ports", graph=INNER)
                async with system.editor() as later:
                    await later.ask("runtime", "getruntime")
                    ports = await later.told("runtime", "ports", graph=INNER)
                    assert ports["payload"] == {"graph": INNER, "inPorts": [], "outPorts": []}
    assert len(inner.requests) >= 2
    assert {request["command"] for request in inner.requests} == {"getruntime"}
