"""The engine: packets in order, mistakes kept apart, nobody blocked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from manual_loop import ManualLoop
from msgflo_host.builtin import engine as engine_module
from msgflo_host.builtin.component import Component, ComponentError, Context, Port
from msgflo_host.builtin.engine import Engine
from msgflo_host.discovery import encode, parse

OUT = (Port("out", "any"),)


class Pass(Component):
    name = "test/Pass"
    description = "Passes on"
    icon = "repeat"
    inports = (Port("in", "any", "what comes"), Port("number", "number", "a parameter", 0, minimum=0, maximum=9))
    outports = OUT

    def packet(self, port: str, value: Any) -> None:
        self.send("out", self.settings["number"] if value == "number" else value)


class Twice(Pass):
    name = "test/Twice"

    def packet(self, port: str, value: Any) -> None:
        self.send("out", f"{value}1")
        self.send("out", f"{value}2")


class Broken(Pass):
    """Does whatever it is told to do wrongly."""

    name = "test/Broken"

    def packet(self, port: str, value: Any) -> None:
        if value == "port":
            self.send("nowhere", 1)
        elif value == "error":
            self.context.error("by itself")
            self.send("out", "still here")
        elif value == "refuse":
            raise ComponentError("no such thing")
        elif value == "deep":
            self.packet(port, value)
        else:
            raise ZeroDivisionError("oh")

    def stop(self) -> None:
        raise RuntimeError("cannot stop")


class Unborn(Pass):
    name = "test/Unborn"

    def __init__(self, context: Context) -> None:
        raise OSError("no room")


class Late(Pass):
    name = "test/Late"

    def packet(self, port: str, value: Any) -> None:
        timer = self.context.later(1.0, lambda: self.send("out", value))
        if value == "cancelled":
            timer.cancel()
            timer.cancel()
        elif value == "failing":
            self.context.later(0.5, lambda: 1 // 0)


class Talks(Pass):
    name = "test/Talks"

    def packet(self, port: str, value: Any) -> None:
        self.context.log(str(value))


LIBRARY: dict[str, type[Component]] = {
    component.name: component for component in (Pass, Twice, Broken, Unborn, Late, Talks)
}


class Watched:
    """An engine on a manual clock, and all that it told."""

    def __init__(self, **nodes: str) -> None:
        self.loop = ManualLoop()
        self.engine = Engine(library=LIBRARY, loop=self.loop)
        self.sent: list[tuple[str, str, Any]] = []
        self.received: list[tuple[str, str, Any]] = []
        self.errors: list[tuple[str, str]] = []
        self.logs: list[tuple[str, str]] = []
        self.engine.on_packet.append(lambda *packet: self.sent.append(packet))
        self.engine.on_received.append(lambda *packet: self.received.append(packet))
        self.engine.on_error.append(lambda *error: self.errors.append(error))
        self.engine.on_log.append(lambda *line: self.logs.append(line))
        self.engine.want({role: f"test/{component}" for role, component in nodes.items()})

    def deliver(self, role: str, data: Any, port: str = "in") -> None:
        self.engine.deliver(role, port, data)
        self.loop.settle()


def test_packets_follow_the_links_and_are_seen_on_both_ends() -> None:
    watched = Watched(a="Pass", b="Pass", c="Pass")
    watched.engine.connect({("a", "out"): [("b", "in"), ("c", "in")]})
    watched.deliver("a", {"x": 1})
    assert watched.received == [(role, "in", {"x": 1}) for role in "abc"]
    assert watched.sent == [(role, "out", {"x": 1}) for role in "abc"]


def test_nothing_is_delivered_before_the_next_turn_of_the_loop() -> None:
    watched = Watched(a="Pass")
    watched.engine.deliver("a", "in", 1)
    assert watched.received == []
    watched.loop.settle()
    assert watched.received == [("a", "in", 1)]


def test_packets_arrive_in_the_order_in_which_they_were_sent_over_all_links() -> None:
    watched = Watched(a="Twice", b="Twice", c="Twice", d="Pass")
    watched.engine.connect({("a", "out"): [("b", "in"), ("c", "in")], ("b", "out"): [("d", "in")]})
    watched.deliver("a", "")
    assert [(role, data) for role, _, data in watched.received] == [
        ("a", ""), ("b", "1"), ("c", "1"), ("b", "2"), ("c", "2"), ("d", "11"), ("d", "12"), ("d", "21"), ("d", "22"),
    ]  # fmt: skip


def test_want_starts_stops_and_replaces_and_leaves_the_others() -> None:
    watched = Watched(stays="Late", goes="Late", changes="Late")
    for role in ("stays", "goes", "changes"):
        watched.deliver(role, role)
    watched.engine.want({"stays": "test/Late", "changes": "test/Pass", "comes": "test/Pass"})
    watched.loop.advance(5)
    assert watched.sent == [("stays", "out", "stays")]
    watched.deliver("changes", 1)
    watched.deliver("comes", 2)
    watched.deliver("goes", 3)
    assert watched.sent[1:] == [("changes", "out", 1), ("comes", "out", 2)]


def test_a_node_takes_what_it_waits_for_to_another_role_or_to_the_one_that_it_has() -> None:
    watched = Watched(old="Late", new="Pass")
    watched.deliver("old", 1)
    watched.engine.move("old", "old")
    watched.engine.move("old", "new")
    watched.loop.advance(5)
    assert watched.sent == [("new", "out", 1)]


def test_packets_that_wait_for_a_node_end_with_it() -> None:
    watched = Watched(a="Pass")
    watched.engine.deliver("a", "in", "for the old one")
    watched.engine.want({"a": "test/Twice"})
    watched.engine.deliver("a", "in", "new")
    watched.loop.settle()
    assert [data for _, _, data in watched.received] == ["new"]
    watched.engine.deliver("a", "in", 1)
    watched.engine.stop()
    watched.loop.settle()
    assert len(watched.received) == 1


def test_links_can_change_while_packets_wait() -> None:
    watched = Watched(a="Pass", b="Pass", c="Pass")
    watched.engine.connect({("a", "out"): [("b", "in")], ("b", "out"): [("absent", "in")]})
    watched.engine.deliver("a", "in", 1)
    watched.engine.connect({("a", "out"): [("c", "in")]})
    watched.loop.settle()
    assert [role for role, _, _ in watched.received] == ["a", "c"]


def test_an_unknown_component_is_refused_and_changes_nothing() -> None:
    watched = Watched(a="Pass")
    with pytest.raises(KeyError, match="test/None"):
        watched.engine.want({"b": "test/None"})
    watched.deliver("a", 1)
    assert watched.sent == [("a", "out", 1)]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("refuse", "no such thing"),
        ("error", "by itself"),
        ("port", 'test/Broken has no outport "nowhere"'),
        ("anything", "ZeroDivisionError: oh"),
        ("deep", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_mistake_is_an_error_of_its_node_and_of_no_other(told: str, text: str) -> None:
    watched = Watched(broken="Broken", sound="Pass")
    watched.engine.deliver("broken", "in", told)
    watched.deliver("sound", 1)
    assert [(role, error[: len(text)]) for role, error in watched.errors] == [("broken", text)]
    assert ("sound", "out", 1) in watched.sent
    assert (("broken", "out", "still here") in watched.sent) == (told == "error")


@pytest.mark.parametrize(
    ("port", "data", "text"),
    [
        ("nowhere", 1, 'no inport "nowhere"; test/Pass has: in, number'),
        ("number", "warm", 'inport "number": "warm"; a finite number is needed, such as 21.5 or "21.5"'),
        ("number", -1, 'inport "number": -1; at least 0 is needed'),
        ("number", "10", 'inport "number": "10"; at most 9 is allowed'),
        ("number", None, 'inport "number": null; a finite number is needed, such as 21.5 or "21.5"'),
    ],
)
def test_a_packet_that_does_not_fit_is_an_error_that_says_what_would(port: str, data: Any, text: str) -> None:
    watched = Watched(a="Pass")
    watched.deliver("a", data, port)
    assert watched.errors == [("a", text)]
    assert watched.sent == []


def test_a_parameter_keeps_its_value_until_a_fitting_one_comes() -> None:
    watched = Watched(a="Pass")
    for sent in (None, "7", "high", 10):
        if sent is not None:
            watched.deliver("a", sent, "number")
        watched.deliver("a", "number")
    assert [data for _, _, data in watched.sent] == [0, 7, 7, 7]


def test_a_component_that_cannot_start_or_stop_is_an_error_and_no_more() -> None:
    watched = Watched(unborn="Unborn", broken="Broken", sound="Pass")
    assert watched.errors == [("unborn", "OSError: no room")]
    watched.deliver("unborn", 1)
    watched.engine.want({"sound": "test/Pass", "unborn": "test/Unborn"})
    assert watched.errors[1:] == [("broken", "RuntimeError: cannot stop")]
    watched.deliver("sound", 1)
    assert watched.sent == [("sound", "out", 1)]


def test_timers_ring_in_time_and_can_be_cancelled() -> None:
    watched = Watched(late="Late")
    for data in ("first", "cancelled", "failing"):
        watched.deliver("late", data)
    watched.loop.advance(0.9)
    assert watched.sent == []
    assert watched.errors == [("late", "ZeroDivisionError: integer division or modulo by zero")]
    watched.loop.advance(0.2)
    assert watched.sent == [("late", "out", "first"), ("late", "out", "failing")]


def test_timers_end_with_their_node() -> None:
    watched = Watched(late="Late")
    watched.deliver("late", 1)
    watched.engine.stop()
    assert watched.loop.next() is None
    watched.loop.advance(5)
    assert watched.sent == []


def test_a_loop_of_nodes_lets_everything_else_have_its_turn() -> None:
    watched = Watched(a="Pass", b="Pass")
    watched.engine.connect({("a", "out"): [("b", "in")], ("b", "out"): [("a", "in")]})
    watched.engine.deliver("a", "in", 1)
    for _ in range(3):
        before = len(watched.received)
        assert watched.loop.turn()
        assert 0 < len(watched.received) - before <= engine_module.MAX_PER_TURN
    watched.engine.connect({})
    watched.loop.settle()


def test_asyncio_goes_on_beside_a_loop_of_nodes() -> None:
    async def run() -> int:
        engine = Engine(library=LIBRARY)
        engine.want({"a": "test/Pass", "b": "test/Pass"})
        engine.connect({("a", "out"): [("b", "in")], ("b", "out"): [("a", "in")]})
        count = 0

        def packet(role: str, port: str, data: Any) -> None:
            nonlocal count
            count += 1

        engine.on_packet.append(packet)
        engine.deliver("a", "in", 1)
        async with asyncio.timeout(30):
            for _ in range(50):
                await asyncio.sleep(0)
        engine.stop()
        return count

    assert asyncio.run(run()) >= 50


def test_what_cannot_wait_is_dropped_and_reported_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_WAITING", 50)
    watched = Watched(a="Pass", b="Pass")
    for number in range(60):
        watched.engine.deliver("a", "in", number)
    watched.engine.deliver("b", "in", 0)
    watched.loop.settle()
    assert [data for _, _, data in watched.received] == list(range(50)), "the oldest are kept"
    watched.loop.advance(0.9)
    assert watched.errors == []
    watched.loop.advance(0.2)
    assert sorted(watched.errors) == [
        ("a", "packets dropped: 10, because 50, or 64 MiB, were waiting already"),
        ("b", "packets dropped: 1, because 50, or 64 MiB, were waiting already"),
    ]
    watched.loop.advance(5)
    watched.deliver("a", "again")
    assert watched.received[-1] == ("a", "in", "again")
    assert len(watched.errors) == 2


def test_what_waits_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_WAITING_BYTES", 3 * 1024 * 1024)
    watched = Watched(a="Pass")
    large = ["x" * 1024 * 1024 for _ in range(2)]
    for _ in range(2):
        for _ in range(1_000):
            watched.engine.deliver("a", "in", 0)
        for data in (large[0], large, large[1]):
            watched.engine.deliver("a", "in", data)
        watched.loop.settle()
        assert [data for _, _, data in watched.received] == [0] * 1_000 + [large[0], large[1]]
        watched.loop.advance(2)
        assert watched.errors.pop() == ("a", "packets dropped: 1, because 100000, or 3 MiB, were waiting already")
        watched.received.clear()


@pytest.mark.parametrize("kind", ["errors", "logs"])
def test_a_thousand_texts_a_second_are_a_few_and_a_count(kind: str) -> None:
    watched = Watched(a="Broken" if kind == "errors" else "Talks")
    for _ in range(1000):
        watched.engine.deliver("a", "in", "refuse")
    watched.loop.settle()

    def told() -> list[str]:
        return [text for _, text in getattr(watched, kind)]

    assert len(told()) == 10
    watched.loop.advance(1.5)
    assert told()[10:] == ["… and 990 more within a second"]
    watched.loop.advance(1.5)
    watched.deliver("a", "refuse")
    assert len(told()) == 12, "later ones are told as before"


def test_a_report_by_somebody_else_is_an_error_of_the_node() -> None:
    watched = Watched(a="Pass")
    watched.engine.report("a", "too long")
    watched.engine.report("nobody", "too long")
    assert watched.errors == [("a", "too long")]


def test_a_listener_that_fails_does_not_end_the_engine() -> None:
    watched = Watched(a="Pass")

    def fail(role: str, port: str, data: Any) -> None:
        if data == "bad":
            raise ValueError("listener")

    watched.engine.on_received.append(fail)
    watched.deliver("a", "bad")
    watched.deliver("a", "good")
    assert watched.errors == [("a", "ValueError: listener")]
    assert watched.sent == [("a", "out", "good")]


def test_a_listener_to_errors_that_fails_does_not_end_the_engine() -> None:
    watched = Watched(a="Broken", b="Pass")

    def fail(role: str, text: str) -> None:
        raise KeyError(role)

    watched.engine.on_error.append(fail)
    watched.engine.deliver("a", "in", "refuse")
    watched.engine.deliver("b", "in", 1)
    with pytest.raises(KeyError):
        watched.loop.settle()
    watched.loop.settle()
    watched.deliver("b", 2)
    assert watched.sent == [("b", "out", 1), ("b", "out", 2)]


def test_a_node_presents_itself_as_a_participant_that_discovery_takes() -> None:
    watched = Watched(kitchen="Pass")
    participant = watched.engine.participant("kitchen")
    assert parse(encode(participant)) == participant
    assert (participant.id, participant.role, participant.component) == ("kitchen", "kitchen", "test/Pass")
    assert (participant.label, participant.icon) == ("Passes on", "repeat")
    assert [(port.id, port.queue, port.type) for port in participant.inports] == [
        ("in", "kitchen/in", "any"), ("number", "kitchen/number", "number"),
    ]  # fmt: skip
    assert [port.queue for port in participant.outports] == ["kitchen/out"]
    assert (participant.bind, participant.connection) == (None, None)
    with pytest.raises(KeyError):
        watched.engine.participant("nobody")


@pytest.mark.parametrize(
    ("role", "topic"),
    [
        ("a/b", "a%2Fb/in"),
        ("50%", "50%25/in"),
        ("fbp", "%66bp/in"),
        ("$SYS", "%24SYS/in"),
        ("küche", "küche/in"),
        ("a\tb\ud800", "a%09b%ED%A0%80/in"),
    ],
)
def test_a_role_that_is_no_level_of_a_topic_is_encoded(role: str, topic: str) -> None:
    engine = Engine(library=LIBRARY, loop=ManualLoop())
    engine.want({role: "test/Pass"})
    participant = engine.participant(role)
    assert participant.inports[0].queue == topic
    if role.isprintable():
        assert parse(encode(participant)) == participant


def test_a_node_is_idle_when_nothing_waits_for_it_and_it_waits_for_nothing() -> None:
    watched = Watched(a="Pass", late="Late")
    assert watched.engine.is_idle(["a", "late", "nobody"])
    watched.engine.deliver("a", "in", 1)
    assert not watched.engine.is_idle(["a", "late"])
    assert watched.engine.is_idle(["late"])
    watched.deliver("late", 1)
    assert watched.engine.is_idle(["a"])
    assert not watched.engine.is_idle(["late"])
    watched.loop.advance(2)
    assert watched.engine.is_idle(["a", "late"])
