"""Graphs with made-up names and values, and damaged files: nothing is lost, and every refusal is a GraphError."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fbp_schemas import check_output
from fuzz import damaged, fuzzed, fuzzed_tenth, json_values
from msgflo_host.errors import GraphError
from msgflo_host.graph import fbp_reader, json_format
from msgflo_host.graph.commands import COMMANDS, Change, apply
from msgflo_host.graph.difference import changes_of, difference
from msgflo_host.graph.model import Edge, Export, Graph, Group, Initial, Node, PortRef

identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,3}", fullmatch=True)
odd_texts = st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"]), min_size=1, max_size=5)
names = identifiers | odd_texts | st.sampled_from(["true", "null", "a-b", "a/b", "_A_1", "INPORT", "->", "#", "a b"])
components = st.from_regex(r"[a-z]{1,3}/[A-Z][a-z0-9_-]{0,2}", fullmatch=True) | odd_texts
metadata = st.dictionaries(
    identifiers | st.sampled_from(["x", "y", "routes"]) | st.text(max_size=3), json_values, max_size=3
)
indexes = st.none() | st.integers(-2, 20) | st.text(max_size=2)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph that commands and files could have made."""
    graph = Graph(case_sensitive=draw(st.booleans()))
    graph.properties.update(draw(metadata))
    graph.extra.update(draw(st.dictionaries(st.sampled_from(["name", "id"]), json_values, max_size=2)))
    for id in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        graph.put_node(Node(id, draw(components), draw(metadata), draw(st.dictionaries(st.just("own"), json_values))))
    refs = st.builds(PortRef, st.sampled_from(list(graph.nodes)), names, indexes)
    for part in draw(st.lists(st.builds(Edge, refs, refs, metadata), max_size=5)):
        graph.put_edge(part)
    for initial in draw(st.lists(st.builds(Initial, json_values, refs, metadata), max_size=4)):
        graph.put_initial(initial)
    exports = st.builds(Export, names, st.sampled_from(list(graph.nodes)), names, metadata)
    for put in (graph.exports("inport").put, graph.exports("outport").put):
        for export in draw(st.lists(exports, max_size=2)):
            put(export)
    for name in draw(st.lists(names, max_size=2, unique=True)):
        graph.add_group(name, draw(st.lists(st.sampled_from(list(graph.nodes)), max_size=3)), draw(metadata))
    return graph


@fuzzed_tenth
@given(graphs())
def test_fuzz_json_files_lose_nothing(graph: Graph) -> None:
    text = json_format.dump(graph)
    again = json_format.load(text.encode().decode())
    assert again == graph
    assert json_format.dump(again) == text


@fuzzed_tenth
@given(graphs())
def test_fuzz_fbp_files_lose_nothing(graph: Graph) -> None:
    text = fbp_reader.dump(graph)
    again = fbp_reader.parse(text.encode().decode())
    assert again == graph
    assert fbp_reader.dump(again) == text


FBP = [
    "# @runtime msgflo\n# @name x\nINPORT=A.IN:X\nA(x/A:x=1,y=2) OUT[1] -> IN B(x/B) -> C(x/C)\r\n"
    "'te\\'xt' -> IN A, B -> A\n",
    '{"a": [1, {"b": null}], "c": -1.5e3} -> IN A(x/A)\n\ttrue -> IN A #: {"metadata": {"a": 1}}\n(x/B) -> A\n',
    '# head\n#: {"groups": [{"name": "g", "nodes": ["a/b"]}]}\n#: {"processes": {"a/b": {"component": "x.y"}}}\n'
    "DEFAULT_INPORT=X\n",
]
JSON = [
    json_format.dump(fbp_reader.parse(text))
    for text in [
        *FBP,
        'A(x/A:x=5)\nOUTPORT=A.OUT:OUT\nA -> A #: {"metadata": {"route": 1}}\n#: {"caseSensitive": true}',
    ]
]


@fuzzed
@given(damaged(FBP, "AB() ->\n#:{}[]\"'=,.\t\r\u2028") | st.text())
def test_fuzz_damaged_fbp_is_read_or_refused_by_name(text: str) -> None:
    with suppress(GraphError):
        graph = fbp_reader.parse(text, "graph.fbp")
        assert fbp_reader.parse(fbp_reader.dump(graph)) == graph
        assert json_format.load(json_format.dump(graph)) == graph


@fuzzed
@given(damaged(JSON, '{}[]":,\\0e-nulltrue') | json_values.map(json_format.compact) | st.text())
def test_fuzz_damaged_json_is_read_or_refused_by_name(text: str) -> None:
    with suppress(GraphError):
        graph = json_format.load(text, "graph.json")
        assert json_format.load(json_format.dump(graph)) == graph
        assert fbp_reader.parse(fbp_reader.dump(graph)) == graph


# Every payload has the fields of all commands: those that a command does not have are not read.
ids, ports = st.sampled_from("ABC"), st.sampled_from(["in", "IN", "out"])
few = st.sampled_from([0, 1, 1.0, True, None, "x", {"a": [1]}])
fitting = st.fixed_dictionaries(
    {},
    optional={
        "x": st.none() | st.integers(-9, 9), "y": st.integers(), "label": few, "route": st.none() | st.integers(0, 3),
        "schema": st.none() | st.just("https://example.net/a"), "secure": st.booleans(), "description": st.text(),
    },
)  # fmt: skip
places = [("A", "in", None), ("A", "IN", None), ("B", "out", None), ("B", "out", 1), ("C", "in", "k")]
ends = st.builds(
    lambda place, data: {**dict(zip(("node", "port", "index"), place, strict=True)), "data": data},
    st.sampled_from(places), few,
)  # fmt: skip
fields: dict[str, st.SearchStrategy[Any]] = {
    "id": ids, "component": st.sampled_from(["x/A", "x/B"]), "from": ids | ports, "to": ids | ports, "src": ends, "tgt": ends,
    "public": ports, "node": ids, "port": ports, "name": ids, "nodes": st.lists(ids, max_size=3), "metadata": fitting,
}  # fmt: skip
adding = st.sampled_from(["addedge", "addinitial", "addinitial", "addgroup", "addinport"])
orders = st.lists(
    st.tuples(adding | st.sampled_from(sorted(COMMANDS)), st.fixed_dictionaries(fields)), min_size=6, max_size=20
)
nodes_first = st.tuples(
    *(st.tuples(st.just("addnode"), st.fixed_dictionaries({**fields, "id": st.just(id)})) for id in "ABC")
)


def carried_out(graph: Graph, steps: Any) -> list[Change]:
    """Carry out what makes sense of `steps`; nothing else may change the graph."""
    changes = []
    for command, payload in steps:
        before = json_format.dump(graph)
        try:
            changes += apply(graph, command, payload)
        except GraphError:
            assert json_format.dump(graph) == before
    return changes


def follow(copy: Graph, changes: list[Change]) -> None:
    """Do to a copy what a client does that is told the changes."""
    for change in changes:
        command, payload = change.command, change.payload
        check_output("graph", command, {**payload, ("id" if command == "clear" else "graph"): "default/main"})
        if command.startswith(("add", "change")):  # the metadata said is all there is, while a command merges it
            gone = dict.fromkeys(metadata_of(copy, command.removeprefix("add").removeprefix("change"), payload))
            payload = {**payload, "metadata": {**gone, **payload.get("metadata", {})}}
        apply(copy, command, payload)


def metadata_of(graph: Graph, what: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of the part of `graph` that is spoken of, empty if there is none."""
    part: Node | Edge | Initial | Group | Export | None
    if what == "node":
        part = graph.nodes.get(said["id"])
    elif what == "group":
        part = graph.groups.get(said["name"])
    elif what == "edge":
        ends = (PortRef(**said["src"]), PortRef(**said["tgt"]))
        part = next((edge for edge in graph.edges if (edge.src, edge.tgt) == ends), None)
    elif what == "initial":
        packet = (PortRef(**said["tgt"]), json_format.compact(said["src"]["data"]))
        part = next((i for i in graph.initials if (i.tgt, json_format.compact(i.data)) == packet), None)
    else:
        part = (graph.inports if what == "inport" else graph.outports).get(said["public"])
    return part.metadata if part else {}


@fuzzed
@given(st.booleans(), nodes_first, orders)
def test_fuzz_a_copy_that_follows_the_changes_is_equal(sensitive: bool, first: Any, steps: Any) -> None:
    graph, copy = Graph(case_sensitive=sensitive), Graph(case_sensitive=sensitive)
    follow(copy, carried_out(graph, [*first, *steps]))
    assert copy == graph


@fuzzed
@given(st.booleans(), nodes_first, orders, orders, orders)
def test_fuzz_the_difference_makes_one_graph_of_another(
    sensitive: bool, first: Any, shared: Any, old_steps: Any, new_steps: Any
) -> None:
    old, new, empty = (Graph(case_sensitive=sensitive) for _ in range(3))
    carried_out(old, [*first, *shared, *old_steps])
    carried_out(new, [*first, *shared, *new_steps])
    old.properties, empty.properties = new.properties, new.properties
    assert difference(new, new) == []
    follow(old, difference(old, new))
    assert old == new
    follow(empty, changes_of(new))
    assert empty == new
