"""The built-in components where no suite can look: what they do not send, when they send it, what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msgflo_host.builtin import collection
from nodes import Nodes, simulated

INFINITE = b"1e999"  # JSON, but no finite number


class Single:
    """One node, and what it told."""

    def __init__(self, component: str, memory: Any = None) -> None:
        self.nodes = Nodes()
        self.nodes.add("node", component, memory)
        self.advance = self.nodes.advance

    @property
    def sent(self) -> list[tuple[float, str, Any]]:
        return [(time, port, data) for time, _, port, data in self.nodes.sent]

    @property
    def errors(self) -> list[str]:
        return [text for _, text in self.nodes.errors]

    @property
    def lines(self) -> list[str]:
        return [text for _, text in self.nodes.lines]

    async def give(self, **packets: Any) -> list[Any]:
        """Deliver these, inport = data (`in_` for `in`), and return what was sent since, without the ports."""
        before = len(self.nodes.sent)
        for port, data in packets.items():
            self.nodes.deliver("node", port.rstrip("_"), data)
        await self.nodes.settle()
        assert self.nodes.mistakes == []
        return [data for _, _, data in self.sent[before:]]

    async def refused(self, **packets: Any) -> str:
        """Deliver a packet that is refused, and return how."""
        before = len(self.errors)
        assert await self.give(**packets) == []
        assert len(self.errors) == before + 1
        return self.errors[-1]


async def made(component: str, **settings: Any) -> Single:
    """Return a node that has these settings."""
    node = Single(component)
    await node.give(**settings)
    return node


# --- logic ---


async def test_not_refuses_what_is_no_switch() -> None:
    node = await made("core/Not")
    assert await node.refused(in_="open") == 'inport "in": "open"; allowed: true, false, 1, 0, "on", "off", "yes", "no"'
    assert "an object with 1 keys" in await node.refused(in_={"state": "ON"})


# --- numbers ---


async def test_scale_needs_a_range_and_a_finite_result() -> None:
    node = await made("core/Scale", inmin=5)
    await node.give(inmax=5)
    assert await node.refused(in_=5) == "inmin and inmax are both 5; they must differ"
    await node.give(inmin=0, inmax=1e-300, outmax=1e300)
    assert "too large" in await node.refused(in_=1e300)
    await node.give(clamp=True)
    assert await node.give(in_=1e300) == [1e300]


async def test_counter_stays_a_number_that_can_be_sent() -> None:
    node = await made("core/Counter", step=1.7e308)
    assert await node.give(in_=True) == [1.7e308]
    assert "finite" in await node.refused(in_=True)
    assert await node.give(reset=True, step=1) == [0]
    assert await node.give(in_=True) == [1]


async def test_window_forgets_by_age_and_by_number() -> None:
    node = await made("core/Window", seconds=10, size=3)
    assert await node.give(in_=1) == [1, 1, 1, 1]
    await node.advance(6)
    assert await node.give(in_=3) == [2, 1, 3, 2]
    await node.advance(6)
    assert await node.give(in_=5) == [4, 3, 5, 2]
    assert (await node.give(in_=7))[3] == 3
    assert await node.give(in_=9) == [7, 5, 9, 3]
    await node.advance(1000)
    assert await node.give(in_=0) == [0, 0, 0, 1]
    assert await node.give(reset=True) == []


async def test_changed_keeps_what_it_sent_not_what_it_left_out() -> None:
    node = await made("core/Changed", deadband=1)
    assert [await node.give(in_=number) for number in (20, 20.6, 21, 21.2, 20.2)] == [[20], [], [], [21.2], []]
    assert await node.give(in_="warm") == ["warm"]
    assert await node.give(in_="warm") == []
    assert await node.give(in_=None) == [None]
    assert await node.give(in_=None) == []


# --- flow ---


async def test_drop_and_a_closed_gate_send_nothing() -> None:
    assert await Single("core/Drop").give(in_=1) == []
    gate = await made("core/Gate", open="off")
    assert await gate.give(in_=1) == []
    assert await gate.give(open="on") == [], "nothing was kept"


async def test_sample_and_hold_knows_null() -> None:
    node = await made("core/SampleAndHold")
    assert await node.give(sample=True) == []
    assert await node.give(in_=None) == []
    assert await node.give(sample=True) == [None]


async def test_merge_in_a_loop_does_not_grow_without_end() -> None:
    node = await made("core/Merge", join=True)
    node.nodes.links = {("node", "out"): [("node", "b")]}
    await node.give(a=1)
    assert node.errors == ["the result is nested more than 32 deep"]
    assert len(node.sent) == 31


@pytest.mark.parametrize("keys", [["a", "b", "c", "d", "e"], ["a", "a"], [None], "a,b", {"a": 1}], ids=repr)
async def test_split_refuses_keys_without_an_outport(keys: Any) -> None:
    node = await made("core/Split")
    assert (await node.refused(keys=keys)).startswith('inport "keys": ')
    assert await node.give(in_={"b": 2, "x": 3}) == [2, {"x": 3}]


async def test_split_refuses_what_is_no_object() -> None:
    assert await Single("core/Split").refused(in_=[1]) == 'inport "in": a list of 1; an object is needed'


# --- timing ---


async def test_debounce_waits_until_it_is_quiet() -> None:
    node = await made("core/Debounce", seconds=1)
    for number in range(5):
        await node.give(in_=number)
        await node.advance(0.6)
    await node.advance(5)
    assert node.sent == [(3.4, "out", 4)]
    await node.give(in_="again")
    await node.advance(5)
    assert node.sent[1:] == [(9.0, "out", "again")]


async def test_throttle_sends_the_first_then_the_newest() -> None:
    node = await made("core/Throttle", seconds=1)
    for number in range(12):
        await node.give(in_=number)
        await node.advance(0.25)
    await node.advance(5)
    assert node.sent == [(0, "out", 0), (1.0, "out", 3), (2.0, "out", 7), (3.0, "out", 11)]
    assert await node.give(in_="later") == ["later"]


async def test_delay_keeps_time_and_order() -> None:
    node = await made("core/Delay", seconds=2)
    await node.give(in_="a")
    await node.advance(0.5)
    await node.give(in_="b")
    await node.give(seconds=0.1, in_="c")
    await node.advance(9)
    assert node.sent == [(2.0, "out", "a"), (2.5, "out", "b"), (2.5, "out", "c")]


async def test_delay_is_bounded_in_bytes() -> None:
    node = await made("core/Delay", seconds=60)
    for _ in range(2):
        for data in ("x" * 3_000_000, {"a": "x" * 1_000_000}, "x" * 1_000_000, 5):
            node.nodes.deliver("node", "in", data)
        await node.nodes.settle()
        assert node.errors[-1] == (
            "packets of 4000008 bytes are waiting already, and no more than 4194304 may; this one of 1000000 is dropped"
        )
        await node.advance(60)
    assert len(node.errors) == 2
    assert [data if data == 5 else len(data) for _, _, data in node.sent] == [3_000_000, 1, 5] * 2


async def test_timer_keeps_its_rhythm() -> None:
    node = await made("core/Timer")
    await node.advance(3.5)
    assert node.sent == [(1.0, "out", True), (2.0, "out", True), (3.0, "out", True)]
    await node.give(running=True, interval=1)  # what a graph sends when it is started again
    await node.advance(1)
    assert node.sent[3:] == [(4.0, "out", True)]
    await node.give(interval=2)
    await node.advance(2)
    assert node.sent[4:] == [(6.5, "out", True)]
    await node.give(running="off")
    await node.advance(100)
    assert len(node.sent) == 5
    await node.give(running="on")
    await node.advance(2)
    assert node.sent[5:] == [(108.5, "out", True)]
    assert "at least 0.01" in await node.refused(interval=0)


@pytest.mark.parametrize("component", ["core/Debounce", "core/Throttle", "core/Delay"])
@pytest.mark.parametrize("seconds", [-1, INFINITE, 1e300, "soon", None], ids=repr)
async def test_times_are_bounded(component: str, seconds: Any) -> None:
    assert (await Single(component).refused(seconds=seconds)).startswith('inport "seconds": ')


# --- text ---


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[b]", "a[1", "[]", None, {"a": 1}, [None]], ids=repr)
async def test_select_refuses_what_is_no_path(path: Any) -> None:
    node = await made("core/Select", path="a")
    assert (await node.refused(path=path)).startswith('inport "path": ')
    assert await node.give(in_={"a": 1}) == [1], "the path before is kept"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{a", 'character 1: "{a"; allowed: {name}'),
        ("x } y", 'character 3: "} y"; allowed: {name}'),
        ("{a!r}x{", 'character 7: "{"'),
        ("{a:>10}", 'character 1: "{a:>10}"; allowed: {name}'),
        ("{a:.99f}", "character 1"),
        ("{a..b}", 'character 1: "a..b" is no path'),
        ("x" * 70_000, "70000 characters; at most 65536 are allowed"),
    ],
    ids=lambda text: text[:10],
)
async def test_template_refuses_what_is_none(template: str, text: str) -> None:
    node = await made("core/Template", template="{a}!")
    assert text in await node.refused(template=template)
    assert await node.give(in_={"a": 1}) == ["1!"], "the template before is kept"


async def test_template_refuses_decimals_of_a_text_and_a_text_without_end() -> None:
    node = await made("core/Template", template="{a:.2f}")
    assert (await node.refused(in_={"a": "warm"})).startswith('"a": "warm"; a finite number is needed')
    await node.give(template="{}{}")
    assert (await node.refused(in_="x" * 40_000)).startswith("the text is too long")


async def test_log_shows_a_line_for_each_packet() -> None:
    node = await made("core/Log")
    assert await node.give(in_={"a": [1]}) == [{"a": [1]}]
    await node.give(label="kitchen", in_="warm")
    await node.give(in_="x" * 5000)
    assert node.lines[:2] == ['{"a": [1]}', "kitchen: warm"]
    assert len(node.lines[2]) == 1001


# --- all of them ---

PACKETS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["on", "0", "21.5", "1e308", 1e308, -1e308, 10**400, "{a}", "a.b[0]", "in", "a + b", "{"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd") | st.text(), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(collection.MODULES))
@settings(max_examples=10)
@given(data=st.data())
@simulated
async def test_whatever_comes_is_used_or_refused(name: str, data: st.DataObject) -> None:
    node = await made(name)
    ports = [port.id for port in collection.components()[name].inports]
    for port, packet in data.draw(st.lists(st.tuples(st.sampled_from(ports), PACKETS), max_size=12)):
        await node.give(**{port: packet})
        await node.advance(data.draw(st.sampled_from([0, 0.001, 1])))
    await node.advance(5)
    assert node.nodes.mistakes == [], "an exception that nobody thought of"


# --- what goes on after a restart ---

Packets = list[tuple[str, Any]]

CONTINUED: dict[str, tuple[Packets, Packets]] = {
    "core/Changed": ([("deadband", 1), ("in", 20)], [("in", 20.5)]),
    "core/Counter": ([("step", 5), ("in", True), ("in", True)], [("in", True)]),
    "core/Debounce": ([("seconds", 5)], [("in", 1)]),
    "core/Delay": ([("seconds", 5)], [("in", 1)]),
    "core/Expression": ([("expression", "a - b"), ("a", 3)], [("b", 1)]),
    "core/Gate": ([("open", "off")], [("in", 1)]),
    "core/Log": ([("label", "kitchen")], [("in", 1)]),
    "core/Merge": ([("join", True), ("a", 1)], [("b", 2)]),
    "core/SampleAndHold": ([("in", None)], [("sample", True)]),
    "core/Scale": ([("outmax", 100)], [("in", 0.5)]),
    "core/Select": ([("path", ["a"])], [("in", {"a": 1})]),
    "core/Split": ([("keys", ["x"])], [("in", {"x": 1})]),
    "core/Template": ([("template", "{a}!")], [("in", {"a": 1})]),
    "core/Threshold": ([("threshold", 20), ("hysteresis", 2), ("in", 20)], [("in", 19), ("in", 17)]),
    "core/Throttle": ([("seconds", 5)], [("in", 1), ("in", 2)]),
    "core/Timer": ([("interval", 5)], []),
    "core/Toggle": ([("in", True)], [("in", True)]),
    "core/Window": ([("size", 1)], [("in", 1), ("in", 2)]),
}
"""By component: what it gets, and what it gets after a restart."""


def test_all_that_remember_something_are_restarted() -> None:
    remembering = [
        name
        for name, component in collection.components().items()
        if component.remembers or any("default" in (port.schema or {}) for port in component.inports)
    ]
    assert remembering == sorted(CONTINUED)


@pytest.mark.parametrize("name", sorted(CONTINUED))
async def test_a_second_instance_continues_as_the_first_would(name: str) -> None:
    before, after = CONTINUED[name]
    nodes = Nodes()
    first = nodes.add("first", name)
    for port, data in before:
        nodes.deliver("first", port, data)
    await nodes.settle()
    memory = json.loads(nodes.saved["first"])
    assert memory == json.loads(json.dumps(first.memory()))
    nodes.sent.clear()
    nodes.add("second", name, memory)
    nodes.add("new", name)
    for role in nodes.by_role:
        for port, data in after:
            nodes.deliver(role, port, data)
    await nodes.advance(12)
    told = {
        role: (
            [(round(time, 3), port, data) for time, by, port, data in nodes.sent if by == role],
            [text for by, text in nodes.lines if by == role],
        )
        for role in nodes.by_role
    }
    assert told["second"] == told["first"]
    assert told["new"] != told["first"], "nothing would be seen of a memory that is lost"
    assert nodes.errors == nodes.mistakes == []
    assert nodes.by_role["second"].memory() == nodes.by_role["first"].memory()


async def test_a_timer_that_was_stopped_stays_so() -> None:
    node = Single("core/Timer", {"settings": {"running": False}})
    await node.advance(10)
    assert node.sent == []
    await node.give(running=True)
    await node.advance(1)
    assert node.sent == [(11.0, "out", True)]
