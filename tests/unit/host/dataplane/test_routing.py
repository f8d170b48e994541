"""Which packets go where: lanes, overlapping filters, once to each target."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgflo.topics import is_filter, matches
from msgflo_host.dataplane.routing import Route, Router, overlap
from msgflo_host.wire.forward_list import MOST_LANES, Forward


def targets(router: Router, topic: str) -> list[tuple[str, int, bool]]:
    """Where a packet on a topic goes when the broker delivers it once for each lane."""
    found = [target.forward for lane in router.lanes for target in router.match(lane, topic).targets]
    return sorted((forward.target, forward.qos, forward.retain) for forward in found)


def router(*forwards: Any) -> Router:
    made = Router()
    made.set_forwards(Forward(*forward) for forward in forwards)
    return made


def test_filters_that_overlap_are_on_different_lanes_and_others_on_one() -> None:
    made = router(("a/+", "x"), ("a/b", "y"), ("b/+", "z"), ("c", "z"), ("+/b", "w"), ("$SYS/#", "v"), ("#", "u"))
    for lane in made.lanes:
        filters = list(lane.desired)
        assert not any(overlap(one, other) for one in filters for other in filters if one < other)
    assert sorted(target for target, _, _ in targets(made, "a/b")) == ["u", "w", "x", "y"]
    assert targets(made, "$SYS/a") == [("v", 0, False)]
    assert len(router(*((f"t/{i}", "x") for i in range(100)), ("u/+", "x")).lanes) == 1


def test_what_would_need_more_connections_than_are_allowed_is_refused_until_there_is_room() -> None:
    nested = [Forward("/".join(["a", *["+"] * number, "#"]), "x") for number in range(MOST_LANES + 3)]
    made = Router()
    made.set_forwards([*nested, Forward("b", "y")])
    assert len(made.lanes) == MOST_LANES - 1
    assert len(made.refused) == 4
    assert targets(made, "a/a") == [("x", 0, False)]
    assert targets(made, "b") == [("y", 0, False)]
    others = [forward for forward in nested if forward.source in made.refused]
    made.set_forwards([*others, Forward("b", "y")])
    made.set_forwards([*others, Forward("b", "y")])
    assert made.refused == set()
    assert targets(made, "/".join(["a"] * 20)) == [("x", 0, False)]


@pytest.mark.parametrize("topic", ["a/b", "a/c"])
def test_a_target_of_several_matching_filters_gets_a_packet_once(topic: str) -> None:
    made = router(("a/+", "x"), ("a/b", "x"), ("#", "x", 1, False), ("+/b", "x", 0, True))
    assert targets(made, topic) == [("x", 1, False)]
    made.set_forwards([Forward("a/b", "x"), Forward("a/+", "x"), Forward("+/b", "x", 0, True)])
    assert targets(made, "a/b") == [("x", 0, True)]


topics = st.lists(st.sampled_from(["a", "b", "", "$S"]), min_size=1, max_size=3).map("/".join).filter(bool)
filters = st.tuples(st.lists(st.sampled_from(["a", "b", "", "$S", "+"]), max_size=3), st.booleans()).map(
    lambda parts: "/".join([*parts[0], *(["#"] if parts[1] or not parts[0] else [])])
)


@given(filters, filters, topics)
def test_filters_that_match_one_topic_overlap(one: str, other: str, topic: str) -> None:
    if matches(one, topic) and matches(other, topic):
        assert overlap(one, other)
        assert overlap(other, one)


@given(filters, filters)
def test_filters_that_overlap_match_one_topic(one: str, other: str) -> None:
    if overlap(one, other):
        levels = ["a", "b", "", "$S", "c"]
        short = [[first, *more] for first in levels for more in ([], *([x] for x in levels))]
        names = ["/".join(name) for name in short]
        names += [f"{name}/{end}" for name in names for end in (*levels, "a/b")]
        assert any(matches(one, name) and matches(other, name) for name in names)


@given(st.lists(st.tuples(filters | topics, st.sampled_from("xyz")), max_size=6), topics)
def test_every_target_that_a_filter_leads_to_gets_a_packet_exactly_once(
    pairs: list[tuple[str, str]], topic: str
) -> None:
    pairs = [(source, target) for source, target in pairs if source]
    made = router(*pairs)
    expected = {
        target for source, target in pairs if (matches(source, topic) if is_filter(source) else source == topic)
    }
    assert [target for target, _, _ in targets(made, topic)] == sorted(expected)


def test_only_what_changed_is_touched() -> None:
    made = router(("a", "x"), ("b", "x"))
    lane = made.lanes[0]
    assert lane.changed == {"a", "b"}
    lane.changed.clear()
    made.set_forwards([Forward("a", "x"), Forward("b", "x")])
    assert not lane.changed
    made.set_forwards([Forward("a", "x"), Forward("c", "x")])
    assert lane.changed == {"b", "c"}
    assert set(lane.desired) == {"a", "c"}


def test_retained_packets_go_to_new_forwards_only() -> None:
    old, new = Forward("a", "x"), Forward("a", "y")
    made = Router()
    made.set_forwards([old])
    lane = made.lanes[0]
    lane.desired["a"].subscribing(settled=True)
    assert [target.forward for target in made.match(lane, "a").retained().targets] == [old]
    made.set_forwards([old, new])
    lane.desired["a"].subscribing(settled=True)
    assert [target.forward for target in made.match(lane, "a").retained().targets] == [new]
    assert [target.forward for target in made.match(lane, "a").targets] == [old, new]


def test_a_route_holds_heads_for_its_length() -> None:
    made = router(("a", "x", 0, True), ("a", "y", 1, False), ("a", "zz"))
    route = Route(made.match(made.lanes[0], "a"), 200)
    assert sorted(route.heads) == [b"\x30\xcc\x01\0\x02zz", b"\x31\xcb\x01\0\x01x"]
    assert [target.forward.target for target in route.others] == ["y"]


def test_memory_is_bounded_however_many_topics_a_filter_brings() -> None:
    made = router(("#", "x"))
    lane = made.lanes[0]
    for i in range(20_000):
        made.route(lane, b"%d" % i, str(i), 0)
    assert len(lane.routes) <= 8192
