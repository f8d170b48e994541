"""The built-in components where no suite can look: what they do not send, when they send it, what they refuse."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manual_loop import ManualLoop
from msgflo_host.builtin import library
from msgflo_host.builtin.engine import Engine

INFINITE = float("inf")


class Single:
    """One node, and what it told."""

    def __init__(self, component: str, **settings: Any) -> None:
        self.loop = ManualLoop()
        self.engine = Engine(loop=self.loop)
        self.sent: list[tuple[float, str, Any]] = []
        self.errors: list[str] = []
        self.logs: list[str] = []
        self.engine.on_packet.append(lambda _, port, data: self.sent.append((self.time, port, data)))
        self.engine.on_error.append(lambda _, text: self.errors.append(text))
        self.engine.on_log.append(lambda _, text: self.logs.append(text))
        self._start = self.loop.time()
        self.engine.want({"node": component})
        self.give(**settings)

    @property
    def time(self) -> float:
        return round(self.loop.time() - self._start, 6)

    def give(self, **packets: Any) -> list[Any]:
        """Deliver these, inport = data (`in_` for `in`), and return what was sent since, without the ports."""
        before = len(self.sent)
        for port, data in packets.items():
            self.engine.deliver("node", port.rstrip("_"), data)
        self.loop.settle()
        return [data for _, _, data in self.sent[before:]]

    def refused(self, **packets: Any) -> str:
        """Deliver a packet that is refused, and return how."""
        before = len(self.errors)
        assert self.give(**packets) == []
        assert len(self.errors) == before + 1
        return self.errors[-1]


# --- logic ---


def test_not_refuses_what_is_no_switch() -> None:
    node = Single("core/Not")
    assert node.refused(in_="open") == 'inport "in": "open"; allowed: true, false, 1, 0, "on", "off", "yes", "no"'
    assert "an object with 1 keys" in node.refused(in_={"state": "ON"})


def test_threshold_takes_settings_with_the_next_packet() -> None:
    node = Single("core/Threshold", threshold=20)
    assert node.give(in_=21) == [True]
    assert node.give(threshold=30, hysteresis=1) == []
    assert node.give(in_=21) == [False]
    assert "at least 0" in node.refused(hysteresis=-1)


# --- numbers ---


def test_scale_needs_a_range_and_a_finite_result() -> None:
    node = Single("core/Scale", inmin=5)
    node.give(inmax=5)
    assert node.refused(in_=5) == "inmin and inmax are both 5; they must differ"
    node.give(inmin=0, inmax=1e-300, outmax=1e300)
    assert "too large" in node.refused(in_=1e300)
    node.give(clamp=True)
    assert node.give(in_=1e300) == [1e300]


def test_counter_stays_a_number_that_can_be_sent() -> None:
    node = Single("core/Counter", step=1.7e308)
    assert node.give(in_=True) == [1.7e308]
    assert "finite" in node.refused(in_=True)
    assert node.give(reset=True, step=1) == [0]
    assert node.give(in_=True) == [1]


def test_window_forgets_by_age_and_by_number() -> None:
    node = Single("core/Window", seconds=10, size=3)
    assert node.give(in_=1) == [1, 1, 1, 1]
    node.loop.advance(6)
    assert node.give(in_=3) == [2, 1, 3, 2]
    node.loop.advance(6)
    assert node.give(in_=5) == [4, 3, 5, 2]
    assert node.give(in_=7)[3] == 3
    assert node.give(in_=9) == [7, 5, 9, 3]
    node.loop.advance(1000)
    assert node.give(in_=0) == [0, 0, 0, 1]
    assert node.give(reset=True) == []


def test_window_of_the_largest_numbers_has_a_mean() -> None:
    node = Single("core/Window")
    node.give(in_=1.7e308)
    assert node.give(in_=1.7e308)[0] == pytest.approx(1.7e308)


def test_changed_keeps_what_it_sent_not_what_it_left_out() -> None:
    node = Single("core/Changed", deadband=1)
    assert [node.give(in_=number) for number in (20, 20.6, 21, 21.2, 20.2)] == [[20], [], [], [21.2], []]
    assert node.give(in_="warm") == ["warm"]
    assert node.give(in_="warm") == []
    assert node.give(in_=None) == [None]
    assert node.give(in_=None) == []


# --- flow ---


def test_drop_and_a_closed_gate_send_nothing() -> None:
    assert Single("core/Drop").give(in_=1) == []
    gate = Single("core/Gate", open="off")
    assert gate.give(in_=1) == []
    assert gate.give(open="on") == [], "nothing was kept"


def test_sample_and_hold_knows_null() -> None:
    node = Single("core/SampleAndHold")
    assert node.give(sample=True) == []
    assert node.give(in_=None) == []
    assert node.give(sample=True) == [None]


def test_merge_in_a_loop_does_not_grow_without_end() -> None:
    node = Single("core/Merge", join=True)
    node.engine.connect({("node", "out"): [("node", "b")]})
    node.give(a=1)
    assert node.errors == ["the result is nested more than 32 deep"]
    assert len(node.sent) == 31


@pytest.mark.parametrize("keys", [["a", "b", "c", "d", "e"], ["a", "a"], [None], "a,b", {"a": 1}], ids=repr)
def test_split_refuses_keys_without_an_outport(keys: Any) -> None:
    node = Single("core/Split")
    assert node.refused(keys=keys).startswith('inport "keys": ')
    assert node.give(in_={"b": 2, "x": 3}) == [2, {"x": 3}]


def test_split_refuses_what_is_no_object() -> None:
    assert Single("core/Split").refused(in_=[1]) == 'inport "in": a list of 1; an object is needed'


# --- timing ---


def test_debounce_waits_until_it_is_quiet() -> None:
    node = Single("core/Debounce", seconds=1)
    for number in range(5):
        node.give(in_=number)
        node.loop.advance(0.6)
    node.loop.advance(5)
    assert node.sent == [(3.4, "out", 4)]
    node.give(in_="again")
    node.loop.advance(5)
    assert node.sent[1:] == [(9.0, "out", "again")]


def test_throttle_sends_the_first_then_the_newest() -> None:
    node = Single("core/Throttle", seconds=1)
    for number in range(12):
        node.give(in_=number)
        node.loop.advance(0.25)
    node.loop.advance(5)
    assert node.sent == [(0, "out", 0), (1.0, "out", 3), (2.0, "out", 7), (3.0, "out", 11)]
    assert node.give(in_="later") == ["later"]


def test_delay_keeps_time_and_order() -> None:
    node = Single("core/Delay", seconds=2)
    node.give(in_="a")
    node.loop.advance(0.5)
    node.give(in_="b")
    node.give(seconds=0.1, in_="c")
    node.loop.advance(9)
    assert node.sent == [(2.0, "out", "a"), (2.5, "out", "b"), (2.5, "out", "c")]


def test_delay_is_bounded() -> None:
    node = Single("core/Delay", seconds=60)
    for number in range(10_001):
        node.engine.deliver("node", "in", number)
    node.loop.settle()
    assert node.errors == ["10000 packets are waiting already; this one is dropped"]
    node.loop.advance(60)
    assert len(node.sent) == 10_000


def test_delay_is_bounded_in_bytes() -> None:
    node = Single("core/Delay", seconds=60)
    for _ in range(2):
        for data in ("x" * 3_000_000, {"a": "x" * 1_000_000}, "x" * 1_000_000, 5):
            node.engine.deliver("node", "in", data)
        node.loop.settle()
        assert node.errors.pop() == (
            "packets of 4000008 bytes are waiting already, and no more than 4194304 may; this one of 1000000 is dropped"
        )
        node.loop.advance(60)
    assert [data if data == 5 else len(data) for _, _, data in node.sent] == [3_000_000, 1, 5] * 2


def test_timer_keeps_its_rhythm() -> None:
    node = Single("core/Timer")
    node.loop.advance(3.5)
    assert node.sent == [(1.0, "out", True), (2.0, "out", True), (3.0, "out", True)]
    node.give(running=True, interval=1)  # what a graph sends when it is started again
    node.loop.advance(1)
    assert node.sent[3:] == [(4.0, "out", True)]
    node.give(interval=2)
    node.loop.advance(2)
    assert node.sent[4:] == [(6.5, "out", True)]
    node.give(running="off")
    node.loop.advance(100)
    assert len(node.sent) == 5
    node.give(running="on")
    node.loop.advance(2)
    assert node.sent[5:] == [(108.5, "out", True)]
    assert "at least 0.01" in node.refused(interval=0)


@pytest.mark.parametrize("component", ["core/Debounce", "core/Throttle", "core/Delay"])
@pytest.mark.parametrize("seconds", [-1, INFINITE, 1e300, "soon", None], ids=repr)
def test_times_are_bounded(component: str, seconds: Any) -> None:
    assert Single(component).refused(seconds=seconds).startswith('inport "seconds": ')


# --- text ---


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[b]", "a[1", "[]", None, {"a": 1}, [None]], ids=repr)
def test_select_refuses_what_is_no_path(path: Any) -> None:
    node = Single("core/Select", path="a")
    assert node.refused(path=path).startswith('inport "path": ')
    assert node.give(in_={"a": 1}) == [1], "the path before is kept"


@pytest.mark.parametrize(
    "path", ["__class__", "a.b", "3", "-1", ["x", 0], "9" * 5000], ids=lambda path: repr(path)[:12]
)
def test_select_sends_what_it_cannot_look_into_elsewhere(path: Any) -> None:
    node = Single("core/Select", path=path)
    for packet in ([1, 2], {"x": "text"}, "text", None):
        node.give(in_=packet)
    assert [port for _, port, _ in node.sent] == ["missing"] * 4


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
def test_template_refuses_what_is_none(template: str, text: str) -> None:
    node = Single("core/Template", template="{a}!")
    assert text in node.refused(template=template)
    assert node.give(in_={"a": 1}) == ["1!"], "the template before is kept"


@pytest.mark.parametrize("name", ["a.__class__", "__init__", "0", "a.b"])
def test_template_finds_values_only(name: str) -> None:
    node = Single("core/Template", template="{" + name + "}")
    assert node.refused(in_={"a": "text"}) == f'no "{name}" in the packet, an object with 1 keys'


def test_template_refuses_decimals_of_a_text_and_a_text_without_end() -> None:
    node = Single("core/Template", template="{a:.2f}")
    assert node.refused(in_={"a": "warm"}).startswith('"a": "warm"; a finite number is needed')
    node.give(template="{}{}")
    assert node.refused(in_="x" * 40_000).startswith("the text is too long")


def test_log_shows_a_line_for_each_packet() -> None:
    node = Single("core/Log")
    assert node.give(in_={"a": [1]}) == [{"a": [1]}]
    node.give(label="kitchen", in_="warm")
    node.give(in_="x" * 5000)
    assert node.logs[:2] == ['{"a":[1]}', "kitchen: warm"]
    assert len(node.logs[2]) == 1001


# --- all of them ---

PACKETS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["on", "0", "21.5", "1e308", 1e308, -1e308, 10**400, "{a}", "a.b[0]", "in", "a + b", "{"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd") | st.text(), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(library.MODULES))
@settings(max_examples=10)
@given(data=st.data())
def test_whatever_comes_is_used_or_refused(name: str, data: st.DataObject) -> None:
    node = Single(name)
    ports = [port.id for port in library.components()[name].inports]
    for port, packet in data.draw(st.lists(st.tuples(st.sampled_from(ports), PACKETS), max_size=12)):
        node.give(**{port: packet})
        node.loop.advance(data.draw(st.sampled_from([0, 0.001, 1])))
    node.loop.advance(5)
    for error in node.errors:
        assert not error.split(":")[0].endswith("Error"), "an exception that nobody thought of"
    for _, _, sent in node.sent:
        if not isinstance(sent, int):  # as large as those that came in
            msgspec.json.decode(msgspec.json.encode(sent))
