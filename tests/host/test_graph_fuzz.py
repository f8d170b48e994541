"""Graphs with made-up names and values, and damaged files: nothing is lost, and every refusal is a GraphError."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fuzz import damaged, fuzzed, fuzzed_tenth, json_values
from msgflo_host.errors import GraphError
from msgflo_host.graph import fbp_format, json_format
from msgflo_host.graph.model import Edge, Export, Graph, Initial, Node, PortRef

identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,3}", fullmatch=True)
odd_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)
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
    for put in (graph.put_inport, graph.put_outport):
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
    text = fbp_format.dump(graph)
    again = fbp_format.parse(text.encode().decode())
    assert again == graph
    assert fbp_format.dump(again) == text


FBP = [
    "# @runtime msgflo\n# @name x\nINPORT=A.IN:X\nA(x/A:x=1,y=2) OUT[1] -> IN B(x/B) -> C(x/C)\r\n"
    "'te\\'xt' -> IN A, B -> A\n",
    '{"a": [1, {"b": null}], "c": -1.5e3} -> IN A(x/A)\n\ttrue -> IN A #: {"metadata": {"a": 1}}\n(x/B) -> A\n',
    '# head\n#: {"groups": [{"name": "g", "nodes": ["a/b"]}]}\n#: {"processes": {"a/b": {"component": "x.y"}}}\n'
    "DEFAULT_INPORT=X\n",
]
JSON = [
    json_format.dump(fbp_format.parse(text))
    for text in [
        *FBP,
        'A(x/A:x=5)\nOUTPORT=A.OUT:OUT\nA -> A #: {"metadata": {"route": 1}}\n#: {"caseSensitive": true}',
    ]
]


@fuzzed
@given(damaged(FBP, "AB() ->\n#:{}[]\"'=,.\t\r\u2028") | st.text())
def test_fuzz_damaged_fbp_is_read_or_refused_by_name(text: str) -> None:
    with suppress(GraphError):
        graph = fbp_format.parse(text, "graph.fbp")
        assert fbp_format.parse(fbp_format.dump(graph)) == graph
        assert json_format.load(json_format.dump(graph)) == graph


@fuzzed
@given(damaged(JSON, '{}[]":,\\0e-nulltrue') | json_values.map(json_format.compact) | st.text())
def test_fuzz_damaged_json_is_read_or_refused_by_name(text: str) -> None:
    with suppress(GraphError):
        graph = json_format.load(text, "graph.json")
        assert json_format.load(json_format.dump(graph)) == graph
        assert fbp_format.parse(fbp_format.dump(graph)) == graph


anything: st.SearchStrategy[Any] = json_values | names
references = st.builds(PortRef, names | anything, names | anything, indexes | anything)
COMMANDS = [
    ("add_node", anything, anything, metadata), ("change_node", anything, metadata), ("remove_node", anything),
    ("rename_node", anything, anything), ("add_edge", references, references, metadata),
    ("change_edge", references, references, metadata), ("remove_edge", references, references),
    ("add_initial", json_values, references, metadata), ("remove_initial", references),
    ("add_inport", anything, anything, anything, metadata), ("rename_inport", anything, anything),
    ("remove_inport", anything), ("add_group", anything, st.lists(anything, max_size=2), metadata),
    ("rename_group", anything, anything), ("remove_group", anything),
]  # fmt: skip
commands = st.one_of([st.tuples(st.just(name), *arguments) for name, *arguments in COMMANDS])  # type: ignore[arg-type]


@fuzzed_tenth
@given(graphs(), st.lists(commands, max_size=12))
def test_fuzz_commands_are_done_or_refused_by_name(graph: Graph, steps: list[tuple[Any, ...]]) -> None:
    for name, *arguments in steps:
        with suppress(GraphError):
            getattr(graph, name)(*arguments)
    assert json_format.load(json_format.dump(graph)) == graph
    for node in graph.nodes:
        assert graph.edges_at(node) == [edge for edge in graph.edges if node in (edge.src.node, edge.tgt.node)]
    for node in list(graph.nodes):
        graph.remove_node(node)
    assert (graph.edges, graph.initials, graph.inports) == ([], [], {})
