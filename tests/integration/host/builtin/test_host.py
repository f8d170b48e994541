"""Built-in components of a running coordinator: among themselves in memory, and towards everybody else on MQTT."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import pytest

from brokers import Broker
from editors import Editor, Refused, editor, run
from listening import Ear
from systems import Coordinator, Participants, Sink, Source, discovery_message, node, until

MAIN = "default/main"


@contextmanager
def running(broker: Broker, folder: Path, graph: str) -> Iterator[Coordinator]:
    file = folder / "graph.fbp"
    file.write_text(graph)
    with Coordinator(file, "--plain", broker=broker.url, cwd=folder) as system:
        names = [word.split("(")[0] for word in graph.split() if "core/" in word]
        system.wait(lambda status: all(node(status, name)["state"] == "alive" for name in names))
        yield system


@pytest.fixture
def ear(broker: Broker) -> Iterator[Ear]:
    ear = Ear(broker)
    yield ear
    ear.stop()


def test_packets_of_a_board_pass_through_built_in_components_to_another_board(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    graph = """
    from(test/Source) OUT -> IN double(core/Expression)
    'in * 2' -> EXPRESSION double
    double() OUT -> IN again(core/Expression)
    'in * 10' -> EXPRESSION again
    again() OUT -> IN to(test/Sink)
    """
    source, sink = Source("from"), Sink("to")
    with running(broker, tmp_path, graph) as system, Participants(source, sink, broker=broker.url):
        system.wait(lambda status: [each["kind"] for each in status["edges"]] == ["direct"] * 3)
        until(lambda: source.send("out", 0) or sink.received, what="everybody has subscribed")
        for number in (1, 2, 3):
            source.send("out", number)
        until(lambda: sink.received[-1:] == [60])
        assert [value for value in sink.received if value] == [20, 40, 60]
    inside = [topic for topic, _ in ear.heard if topic == "double/out"]
    assert inside == [], "what stays inside is not sent to the broker"


def test_a_built_in_component_takes_what_is_published_on_its_inports_topic_and_publishes_what_no_edge_takes(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    with running(broker, tmp_path, "alarm(core/Threshold)\n'30' -> LEVEL alarm\n"):
        found = ear.wait_for("fbp/participant/alarm")["payload"]
        assert (found["component"], found["connection"]) == ("core/Threshold", "msgflo-coordinator-builtin")
        ear.wait_for("fbp/connection/msgflo-coordinator-builtin", lambda value: value == "online")
        topics = {port["id"]: port["queue"] for port in found["inports"] + found["outports"]}
        # It has come, and subscribes next.
        until(lambda: _answers(ear, topics["in"], 31, topics["out"], True))
        assert heard(ear, topics["out"]) == [True]


def test_built_in_components_take_back_what_they_have_announced(broker: Broker, tmp_path: Path, ear: Ear) -> None:
    with running(broker, tmp_path, "count(core/Counter)\nother(core/Counter)\n") as system:
        (tmp_path / "graph.fbp").write_text("other(core/Counter)\n")
        ear.wait_for("fbp/participant/count", lambda value: value == "")
        system.stop()
        ear.wait_for("fbp/participant/other", lambda value: value == "")
        ear.wait_for("fbp/connection/msgflo-coordinator-builtin", lambda value: value == "")


def test_built_in_components_come_back_with_the_broker(broker: Broker, tmp_path: Path) -> None:
    with running(broker, tmp_path, "double(core/Expression)\n'in * 2' -> EXPRESSION double\n") as system:
        broker.stop()
        system.wait(lambda status: not status["connected"])
        broker.start()
        ear = Ear(broker)
        try:
            ear.wait_for("fbp/participant/double")
            until(lambda: _answers(ear, "double/in", 4, "double/out", 8), what="the connection has come back")
        finally:
            ear.stop()


def _answers(ear: Ear, inport: str, value: Any, outport: str, answer: Any) -> bool:
    ear.say(inport, value)
    time.sleep(0.2)
    return (outport, answer) in ear.heard


def test_a_stopped_network_runs_no_built_in_component_and_a_started_one_begins_anew(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    graph = "clock(core/Timer)\n'0.05' -> INTERVAL clock\nclock() OUT -> IN count(core/Counter)\n"

    async def main() -> None:
        async with editor(system.port) as one:
            await one.ask("runtime", "getruntime")
            counted = "clock() OUT -> IN count()"
            await one.told("network", "data", id=counted)
            await one.ask("network", "stop", graph=MAIN)
            status = await one.ask("network", "getstatus", graph=MAIN)
            assert (status["running"], status["started"]) == (False, False)
            ear.wait_for("fbp/participant/clock", lambda value: value == "")
            stopped = len(one.frames)
            with pytest.raises(Refused, match="exports no inport"):
                await one.ask("runtime", "packet", graph=MAIN, port="none", event="data", payload=1)
            assert one.all("network", "data", since=stopped) == []
            await one.ask("network", "start", graph=MAIN)
            first = await one.told("network", "data", since=stopped, id=counted)
            assert first["payload"]["data"] == 1, "the timer counts from the beginning"

    with running(broker, tmp_path, graph) as system:
        run(main)


def test_an_outport_that_leads_inside_and_outside_is_heard_on_both_sides_once(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    graph = """
    in(core/Repeat) OUT -> IN count(core/Counter)
    in() OUT -> IN to(test/Sink)
    count() OUT -> OTHER to
    """
    sink = Sink("to")
    with running(broker, tmp_path, graph) as system, Participants(sink, broker=broker.url):
        system.wait(lambda status: [each["kind"] for each in status["edges"]] == ["direct"] * 3)
        until(lambda: _say(ear, "ready") or ("ready" in sink.received and any(map(_is_count, sink.received))))
        for value in ("begin", "a", "b", "end"):
            _say(ear, value)
        until(lambda: "end" in heard(ear, "in/out"))
        until(lambda: ("other", len(heard(ear, "in/out"))) in sink.received and "end" in sink.received)
    values = [value for value in sink.received if not _is_count(value)]
    assert values[values.index("begin") :] == ["begin", "a", "b", "end"]
    counted = [value[1] for value in sink.received if _is_count(value)]
    assert counted == [*range(counted[0], counted[0] + len(counted))]


def _say(ear: Ear, value: str) -> None:
    ear.say("in/in", value)
    time.sleep(0.1)


def _is_count(value: object) -> bool:
    return isinstance(value, tuple)


def test_a_renamed_component_goes_on_where_it_was(broker: Broker, tmp_path: Path, ear: Ear) -> None:
    graph = """
    from(test/Source) OUT -> IN count(core/Counter)
    5 -> IN count
    count() OUT -> IN behind(core/Repeat)
    """

    async def main() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "renamenode", graph=MAIN, **{"from": "count", "to": "count"})
            await client.ask("graph", "renamenode", graph=MAIN, **{"from": "count", "to": "sum"})
            await client.told("graph", "renamenode", **{"from": "count", "to": "sum"})
            await client.ask("graph", "renamenode", graph=MAIN, **{"from": "behind", "to": "count"})
            await client.ask("graph", "addnode", graph=MAIN, id="behind", component="core/Not")

    source = Source("from")
    with running(broker, tmp_path, graph) as system, Participants(source, broker=broker.url):
        system.wait(lambda status: [each["kind"] for each in status["edges"]] == ["direct"] * 2)
        until(lambda: source.send("out", 1) or len(heard(ear, "behind/out")) > 3, what="it has subscribed")
        run(main)
        last = heard(ear, "behind/out")[-1]
        until(lambda: source.send("out", 1) or heard(ear, "count/out"), what="it is heard under its new name")
        assert heard(ear, "count/out")[0] > last, "it has not begun anew"
        components = {each["id"]: each["component"] for each in system.status()["nodes"]}
        assert components == {
            "from": "test/Source",
            "sum": "core/Counter",
            "count": "core/Repeat",
            "behind": "core/Not",
        }
    values = heard(ear, "behind/out") + heard(ear, "count/out")
    assert values == list(range(values[0], values[0] + len(values)))


TWO_SOURCES = """
lit(x/Lit) OUT -> IN count(core/Counter)
wild(x/Wild) OUT -> IN other(core/Repeat)
more(core/Repeat)
"""


@pytest.fixture
def sources(broker: Broker) -> None:
    """Two who are not ours: one topic of the one is among those of the other."""
    for role, component, topic in (("lit", "x/Lit", "yy/a"), ("wild", "x/Wild", "yy/#")):
        outports = [{"id": "out", "queue": topic, "type": "any"}]
        message = discovery_message(role, id=role, component=component, outports=outports)
        paho.mqtt.publish.single(f"fbp/participant/{role}", message, retain=True, port=broker.port)


async def rewire(client: Editor, *, times: int) -> None:
    """Have another edge with wildcards come and go."""
    edge = {"src": {"node": "wild", "port": "out"}, "tgt": {"node": "more", "port": "in"}}
    kept = {"src": {"node": "wild", "port": "out"}, "tgt": {"node": "other", "port": "in"}}
    for _ in range(times):
        for command, each in (("removeedge", kept), ("addedge", edge), ("removeedge", edge), ("addedge", kept)):
            await client.ask("graph", command, graph=MAIN, **each)
            await asyncio.sleep(0.03)  # so that each is brought in force by itself


@pytest.mark.usefixtures("sources")
def test_a_retained_packet_counts_once_whatever_becomes_of_other_edges(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    async def main() -> None:
        async with editor(system.port) as client:
            await rewire(client, times=4)

    ear.say("yy/a", "kept", retain=True)
    with running(broker, tmp_path, TWO_SOURCES) as system:
        ear.wait_for("count/out", lambda count: count == 1)
        run(main)
        ear.say("yy/a", "new")
        ear.wait_for("count/out", lambda count: count != 1)
    assert [value for topic, value in ear.heard if topic == "count/out"] == [1, 2]


@pytest.mark.usefixtures("sources")
def test_no_packet_is_lost_or_doubled_while_other_edges_come_and_go(broker: Broker, tmp_path: Path, ear: Ear) -> None:
    packets = 1500

    async def main() -> None:
        async with editor(system.port) as client:
            flood = asyncio.create_task(asyncio.to_thread(publish))
            await rewire(client, times=5)
            await flood

    def publish() -> None:
        for number in range(1, packets + 1):
            ear.say("yy/a", number)
            time.sleep(0.0005)

    ear.say("yy/a", "first", retain=True)
    with running(broker, tmp_path, TWO_SOURCES) as system:
        ear.wait_for("count/out", lambda count: count == 1)  # it has subscribed
        run(main)
        ear.say("yy/a", "last")
        ear.wait_for("count/out", lambda count: count >= packets + 2)
        until(lambda: len(heard(ear, "yy/a")) == packets + 2)
    assert heard(ear, "count/out") == list(range(1, packets + 3))


@pytest.mark.usefixtures("sources")
def test_a_new_edge_gets_the_retained_packet_also_where_its_topic_is_read_already(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    async def main() -> None:
        async with editor(system.port) as client:
            edge = {"src": {"node": "lit", "port": "out"}, "tgt": {"node": "more", "port": "in"}}
            await client.ask("graph", "addedge", graph=MAIN, **edge)

    ear.say("yy/a", "kept", retain=True)
    with running(broker, tmp_path, TWO_SOURCES) as system:
        ear.wait_for("count/out", lambda count: count == 1)
        run(main)
        ear.wait_for("more/out", lambda value: value == "kept")
    assert heard(ear, "count/out") == [1]


def heard(ear: Ear, topic: str) -> list[Any]:
    return [value for each, value in ear.heard if each == topic]


def test_what_core_log_shows_and_what_goes_wrong_in_a_component_is_in_the_coordinators_log(
    broker: Broker, tmp_path: Path, ear: Ear
) -> None:
    graph = "seen(core/Log)\n'kitchen' -> LABEL seen\nsum(core/Expression)\n'in +' -> EXPRESSION sum\n"
    with running(broker, tmp_path, graph) as system:
        until(lambda: ear.say("seen/in", 21.5) or "seen: kitchen: 21.5" in system.output, seconds=30)
        until(lambda: "sum: " in system.output, seconds=30)


def test_nothing_is_shown_on_an_edge_that_is_refused(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with editor(system.port) as one:
            await one.ask("runtime", "getruntime")
            await one.ask("graph", "addnode", graph=MAIN, id="next", component="core/Counter")
            for port in ("absent", "in"):
                src, tgt = {"node": "clock", "port": "out"}, {"node": "next", "port": port}
                await one.ask("graph", "addedge", graph=MAIN, src=src, tgt=tgt)
            await one.told("network", "processerror", id="next")
            shown = {"absent"}
            while "absent" in shown:  # before it was refused
                since = len(one.frames)
                for _ in range(3):
                    await one.told("network", "data", since=len(one.frames), id="clock() OUT -> IN next()")
                shown = {data["tgt"]["port"] for data in one.all("network", "data", since=since)}

    with running(broker, tmp_path, "clock(core/Timer)\n'0.1' -> INTERVAL clock\n") as system:
        run(main)
