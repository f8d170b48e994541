"""Cycles of forwarded topics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msgflo.topics import matches
from msgflo_host.wire.topic_cycles import covers, find_cycles

Forward = tuple[str, str]


def test_what_has_no_cycle_is_left_alone() -> None:
    assert find_cycles([[("a", "b")], [("b", "c")], [("a", "c")], [("x/+", "y")]]) == {}


def test_the_edge_that_closes_a_cycle_is_named_with_its_way() -> None:
    assert find_cycles([[("a", "b")], [("b", "c")], [("c", "a")]]) == {2: ["c", "a", "b", "c"]}


def test_the_later_edge_is_refused() -> None:
    assert list(find_cycles([[("c", "a")], [("b", "c")], [("a", "b")]])) == [2]


def test_once_an_edge_is_refused_others_may_go_on() -> None:
    assert list(find_cycles([[("a", "b")], [("b", "a")], [("b", "c")], [("c", "b")]])) == [1, 3]


def test_the_same_forward_twice_is_no_cycle() -> None:
    assert list(find_cycles([[("a", "b")], [("a", "b")], [("b", "a")]])) == [2]


def test_wildcards_close_cycles() -> None:
    assert find_cycles([[("a/+", "b")], [("b", "a/x")]]) == {1: ["b", "a/x", "b"]}
    assert find_cycles([[("b", "a/x")], [("a/+", "b")]]) == {1: ["a/+", "b", "a/x"]}
    assert find_cycles([[("#", "b")]]) == {0: ["#", "b"]}


def test_all_forwards_of_an_edge_are_taken_or_none() -> None:
    assert list(find_cycles([[("a", "b")], [("c", "d"), ("b", "a")], [("d", "c")]])) == [1]


@pytest.mark.parametrize("reverse", [False, True])
def test_long_chains_are_quick_in_any_order(reverse: bool) -> None:
    edges = [[(str(i), str(i + 1))] for i in range(1000)]
    edges = (edges[::-1] if reverse else edges) + [[("1000", "0")]]
    (refused,) = find_cycles(edges).items()
    assert refused[0] == 1000
    assert len(refused[1]) == 1002


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("a/#", "a", True),
        ("a/#", "a/+/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("#", "+/#", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("+/#", "#", False),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b", False),
    ],
)
def test_a_filter_covers_what_it_matches_in_every_case(wide: str, narrow: str, expected: bool) -> None:
    assert covers(wide, narrow) is expected


TOPICS = ["a", "b", "a/b", "b/a", "a/b/c"]
FILTERS = ["+", "a/+", "+/b", "a/#", "+/+", "#"]
EDGE = st.lists(
    st.tuples(st.sampled_from(TOPICS + FILTERS), st.sampled_from(TOPICS)).filter(lambda f: f[0] != f[1]),
    min_size=1,
    max_size=2,
)


@settings(max_examples=100)
@given(st.lists(EDGE, max_size=12))
def test_it_agrees_with_trying_each_edge_in_turn(edges: list[list[Forward]]) -> None:
    accepted: list[Forward] = []
    refused = []
    for i, edge in enumerate(edges):
        if _has_cycle(accepted + edge):
            refused.append(i)
        else:
            accepted += edge
    found = find_cycles(edges)
    assert sorted(found) == refused
    for i, cycle in found.items():
        assert (cycle[0], cycle[1]) in edges[i]
        assert cycle[0] == cycle[-1] or matches(cycle[0], cycle[-1])


def _has_cycle(forwards: list[Forward]) -> bool:
    def reaches(start: Forward, goal: Forward, seen: set[Forward]) -> bool:
        for following in forwards:
            if (following[0] == start[1] or matches(following[0], start[1])) and following not in seen:
                seen.add(following)
                if following == goal or reaches(following, goal, seen):
                    return True
        return False

    return any(reaches(forward, forward, set()) for forward in forwards)
