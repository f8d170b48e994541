"""Two who change the same graph at the same time: what each has changed is there afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from msgflo_host.graph.elements import PortRef
from msgflo_host.graph.fbp_reader import parse
from msgflo_host.graph.model import Graph
from msgflo_host.graph.three_way_merge import merge

BASE = """
INPORT=fan.POWER:LEVEL
lamp(x/Lamp) OUT -> IN fan(x/Fan)
fan() SPEED -> IN show(x/Show)
7 -> LEVEL lamp
#: {"groups": [{"name": "all", "nodes": ["lamp", "fan"]}]}
"""


def changed(change: Callable[[Graph], object] | None = None) -> Graph:
    graph = parse(BASE)
    if change is not None:
        change(graph)
    return graph


def both(ours: Callable[[Graph], object], theirs: Callable[[Graph], object]) -> Graph:
    return merge(changed(ours), changed(), changed(theirs))


def ref(text: str) -> PortRef:
    node, port = text.split(".")
    return PortRef(node, port)


ONE: dict[str, Callable[[Graph], object]] = {
    "a node": lambda graph: graph.add_node("new", "x/New", {"x": 4}),
    "no node": lambda graph: graph.remove_node("show"),
    "another name": lambda graph: graph.rename_node("show", "other"),
    "an edge": lambda graph: graph.add_edge(ref("lamp.other"), ref("show.other")),
    "no edge": lambda graph: graph.remove_edge(ref("lamp.out"), ref("fan.in")),
    "another place": lambda graph: graph.change_node("lamp", {"x": 10, "y": 20}),
    "metadata of an edge": lambda graph: graph.change_edge(ref("lamp.out"), ref("fan.in"), {"route": 3}),
    "another packet": lambda graph: (graph.remove_initial(ref("lamp.level")), graph.add_initial(8, ref("lamp.level"))),
    "no packet": lambda graph: graph.remove_initial(ref("lamp.level")),
    "no port": lambda graph: graph.exports("inport").remove("level"),
    "a port": lambda graph: graph.exports("outport").add("seen", "show", "out"),
    "a group": lambda graph: graph.add_group("two", ["show"]),
    "no group": lambda graph: graph.remove_group("all"),
    "another group": lambda graph: graph.add_group("all", ["show"]),
    "a property": lambda graph: graph.properties.update(description="text"),
    "a comment": lambda graph: setattr(graph, "header", ("# by hand",)),
}


@pytest.mark.parametrize("what", ONE)
def test_what_one_side_has_changed_is_there(what: str) -> None:
    for merged in (
        both(ONE[what], lambda graph: None),
        both(lambda graph: None, ONE[what]),
        both(ONE[what], ONE[what]),
    ):
        assert merged == changed(ONE[what])
        assert merged.header == changed(ONE[what]).header
    assert changed(ONE[what]) != changed() or what == "a comment"


def test_what_each_has_changed_is_there() -> None:
    merged = both(
        lambda graph: (graph.change_node("lamp", {"x": 1}), graph.add_node("mine", "x/Mine"), ONE["no edge"](graph)),
        lambda graph: (
            graph.change_node("lamp", {"y": 2}),
            graph.add_node("yours", "x/Yours"),
            ONE["no packet"](graph),
        ),
    )
    assert sorted(merged.nodes) == ["fan", "lamp", "mine", "show", "yours"]
    assert merged.nodes["lamp"].metadata == {"x": 1, "y": 2}
    assert [str(edge) for edge in merged.edges] == ["fan.speed -> show.in"]
    assert merged.initials == []


def test_where_both_have_changed_the_same_theirs_wins() -> None:
    def to(value: int) -> Callable[[Graph], None]:
        def change(graph: Graph) -> None:
            graph.change_node("lamp", {"x": value})
            graph.remove_initial(ref("lamp.level"))
            graph.add_initial(value, ref("lamp.level"))
            graph.add_node("new", f"x/New{value}")
            graph.properties["description"] = str(value)

        return change

    assert both(to(1), to(2)) == changed(to(2))


def test_what_ours_has_joined_to_a_node_that_theirs_has_removed_goes_with_it() -> None:
    def ours(graph: Graph) -> None:
        graph.add_edge(ref("lamp.other"), ref("show.other"))
        graph.add_initial(1, ref("show.level"))
        graph.exports("outport").add("seen", "show", "out")
        graph.add_group("more", ["show", "lamp"])

    merged = both(ours, ONE["no node"])
    assert [str(edge) for edge in merged.edges] == ["lamp.out -> fan.in"]
    assert [str(initial) for initial in merged.initials] == ["7 -> lamp.level"]
    assert (merged.outports, merged.groups["more"].nodes) == ({}, ("lamp",))


def test_a_node_that_ours_has_removed_is_there_again_where_theirs_has_joined_something_to_it() -> None:
    merged = both(ONE["no node"], ONE["an edge"])
    assert merged.nodes["show"].component == "x/Show"
    assert sorted(map(str, merged.edges)) == ["lamp.other -> show.other", "lamp.out -> fan.in"]
