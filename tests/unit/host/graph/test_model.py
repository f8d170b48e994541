"""The commands that change a graph."""

from __future__ import annotations

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph.model import Edge, Export, Graph, Group, Initial, Node, PortRef

OUT, IN = PortRef("button", "pressed"), PortRef("lamp", "on")


@pytest.fixture
def graph() -> Graph:
    """A button that switches a lamp."""
    graph = Graph("demo")
    graph.add_node("button", "demo/Button", {"x": 1})
    graph.add_node("lamp", "demo/Lamp")
    graph.add_edge(OUT, IN, {"route": 5})
    return graph


def test_adding_a_node_twice_is_adding_it_once_with_metadata_merged(graph: Graph) -> None:
    assert graph.add_node("button", "demo/Button", {"y": 2}) == Node("button", "demo/Button", {"x": 1, "y": 2})
    assert list(graph.nodes) == ["button", "lamp"]


def test_a_node_cannot_be_added_again_with_another_component(graph: Graph) -> None:
    with pytest.raises(GraphError, match=r"'lamp' exists with the component 'demo/Lamp'.* 'demo/Other'"):
        graph.add_node("lamp", "demo/Other")


def test_changing_a_node_merges_metadata_and_null_deletes_a_key(graph: Graph) -> None:
    assert graph.change_node("button", {"x": None, "label": "go"}).metadata == {"label": "go"}
    assert graph.change_node("button", {}).metadata == {"label": "go"}
    assert graph.nodes["button"].metadata == {"label": "go"}


def test_a_missing_node_is_named_with_those_that_exist(graph: Graph) -> None:
    for command in (
        lambda: graph.change_node("lamb", {}),
        lambda: graph.remove_node("lamb"),
        lambda: graph.rename_node("lamb", "x"),
        lambda: graph.add_edge(OUT, PortRef("lamb", "on")),
        lambda: graph.add_initial(1, PortRef("lamb", "on")),
        lambda: graph.exports("inport").add("on", "lamb", "on"),
        lambda: graph.add_group("g", ["lamb"]),
    ):
        with pytest.raises(GraphError, match="no node 'lamb' in the graph; nodes: button, lamp"):
            command()


def test_removing_a_node_returns_everything_that_went_with_it(graph: Graph) -> None:
    initial = graph.add_initial(False, IN)
    graph.add_edge(PortRef("lamp", "state"), PortRef("lamp", "on"))
    graph.exports("inport").add("light", "lamp", "on")
    graph.exports("outport").add("state", "lamp", "state")
    graph.add_group("all", ["lamp", "button"])
    removed = graph.remove_node("lamp")
    assert removed.node == Node("lamp", "demo/Lamp")
    assert removed.edges == [Edge(OUT, IN, {"route": 5}), Edge(PortRef("lamp", "state"), IN)]
    assert removed.initials == [initial]
    assert [each.public for each in (*removed.inports, *removed.outports)] == ["light", "state"]
    assert (graph.edges, graph.initials, graph.inports, graph.outports) == ([], [], {}, {})
    assert graph.groups == {"all": Group("all", ("button",))}
    assert graph.edges_at("button") == []


def test_renaming_a_node_takes_everything_along(graph: Graph) -> None:
    graph.add_initial(0, IN)
    graph.add_edge(PortRef("lamp", "state"), IN)
    graph.exports("inport").add("light", "lamp", "on")
    graph.add_group("all", ["lamp", "button"])
    graph.rename_node("lamp", "spot")
    spot = PortRef("spot", "on")
    assert list(graph.nodes) == ["button", "spot"]
    assert graph.edges == [Edge(OUT, spot, {"route": 5}), Edge(PortRef("spot", "state"), spot)]
    assert graph.initials == [Initial(0, spot)]
    assert graph.inports == {"light": Export("light", "spot", "on")}
    assert graph.groups["all"].nodes == ("spot", "button")
    graph.remove_edge(OUT, spot)
    assert len(graph.edges_at("spot")) == 1


def test_a_node_cannot_take_the_name_of_another_but_its_own(graph: Graph) -> None:
    assert graph.rename_node("lamp", "lamp").id == "lamp"
    with pytest.raises(GraphError, match="'button' exists already"):
        graph.rename_node("lamp", "button")


def test_adding_an_edge_twice_is_adding_it_once(graph: Graph) -> None:
    assert graph.add_edge(OUT, IN, {"route": None, "secure": True}) == Edge(OUT, IN, {"secure": True})
    assert len(graph.edges) == 1


def test_removing_an_edge_returns_it_and_a_missing_one_is_named(graph: Graph) -> None:
    assert graph.remove_edge(OUT, IN) == Edge(OUT, IN, {"route": 5})
    graph.add_edge(OUT, PortRef("lamp", "dim"))
    with pytest.raises(GraphError, match=r"no edge button.pressed -> lamp.on .*: button.pressed -> lamp.dim"):
        graph.remove_edge(OUT, IN)


@pytest.mark.parametrize("data", [0, False, None, "", "5", {"a": [1, None]}, 1.5, []])
def test_initial_packets_of_any_value_are_stored_and_found_again(graph: Graph, data: object) -> None:
    graph.add_initial(data, IN)
    graph.add_initial(data, IN)
    assert graph.initials == [Initial(data, IN)]
    assert graph.remove_initial(IN, data) == [Initial(data, IN)]
    assert graph.initials == []


def test_removing_an_initial_packet_that_is_not_there_names_those_that_are(graph: Graph) -> None:
    graph.add_initial(5, PortRef("lamp", "dim"))
    with pytest.raises(GraphError, match=r"no such initial packet at lamp.on; .*: 5 -> lamp.dim"):
        graph.remove_initial(IN)
    with pytest.raises(GraphError, match="no such initial packet"):
        graph.remove_initial(PortRef("lamp", "dim"), 6)


@pytest.mark.parametrize(
    ("data", "what"),
    [(float("nan"), "nan"), (float("inf"), "inf"), ({1: 2}, "key"), (object(), "object"), (1 << 5000, "4096 bits")],
)
def test_data_that_json_cannot_express_is_refused(graph: Graph, data: object, what: str) -> None:
    with pytest.raises(GraphError, match=what):
        graph.add_initial(data, IN)


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "a\nb", "\x9f", "\ufdd0", "\U0010ffff", "a" * 1025])
def test_names_that_no_topic_or_file_can_hold_are_refused(graph: Graph, name: str) -> None:
    for command in (
        lambda: graph.add_node(name, "a/B"),
        lambda: graph.add_node("x", name),
        lambda: graph.add_edge(PortRef("button", name), IN),
        lambda: graph.exports("inport").add(name, "lamp", "on"),
        lambda: graph.exports("inport").add("x", "lamp", name),
        lambda: graph.add_group(name, []),
        lambda: graph.rename_node("lamp", name),
    ):
        with pytest.raises(GraphError, match=r"is empty|not allowed|at most 1024 are allowed"):
            command()
    assert "lamp" in graph.nodes


def test_graphs_are_equal_when_they_would_be_written_alike(graph: Graph) -> None:
    other = Graph("demo")
    other.add_node("lamp", "demo/Lamp")
    other.add_node("button", "demo/Button", {"x": 1})
    other.add_edge(OUT, IN, {"route": 5})
    assert graph == other
    other.change_node("button", {"x": True})
    assert graph != other
    other.change_node("button", {"x": 1})
    other.add_initial(1, IN)
    assert graph != other


def test_commands_do_not_slow_down_with_the_size_of_the_graph() -> None:
    graph = Graph()
    for number in range(5_000):
        graph.add_node(f"n{number}", "a/B")
        graph.add_edge(PortRef(f"n{number}", "out"), PortRef(f"n{number // 2}", "in"))
    for number in range(5_000):
        # Each of these would take minutes if it looked at every edge.
        graph.rename_node(f"n{number}", f"m{number}")
    for number in range(5_000):
        graph.remove_node(f"m{number}")
    assert graph.edges == []


def test_a_port_with_index_is_another_port(graph: Graph) -> None:
    graph.add_edge(OUT, PortRef("lamp", "on", 0))
    graph.add_edge(OUT, PortRef("lamp", "on", 1))
    assert len(graph.edges) == 3
    graph.remove_edge(OUT, PortRef("lamp", "on", 0))
    assert [edge.tgt.index for edge in graph.edges] == [None, 1]
