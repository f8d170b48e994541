"""The .fbp language: what it means, and that nothing is lost in it."""

from __future__ import annotations

import json

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph import json_format
from msgflo_host.graph.fbp_reader import dump, parse
from msgflo_host.graph.model import Edge, Export, Graph, Initial, Node, PortRef


def edges(text: str) -> list[str]:
    """Return the edges and initial packets of a text, as `a.out -> b.in`."""
    graph = parse(text)
    return [str(part) for part in (*graph.edges, *graph.initials)]


NODES = "A(x/A), B(x/B), C(x/C), D(x/D)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A OUT -> IN B", ["A.out -> B.in"]),
        ("A -> B", ["A.out -> B.in"]),
        ("A->B", ["A.out -> B.in"]),
        ("A() ERR -> B()", ["A.err -> B.in"]),
        ("A(x/A) OUT -> IN B(x/B) OUT2 -> C", ["A.out -> B.in", "B.out2 -> C.in"]),
        ("A -> B -> C -> D", ["A.out -> B.in", "B.out -> C.in", "C.out -> D.in"]),
        ("A -> IN B OUT -> C", ["A.out -> B.in", "B.out -> C.in"]),
        ("A -> IN2 B -> C", ["A.out -> B.in2", "B.out -> C.in"]),
        ("A -> B OUT2 -> C", ["A.out -> B.in", "B.out2 -> C.in"]),
        ("A -> B, C -> D", ["A.out -> B.in", "C.out -> D.in"]),
        ("A -> B # not C -> D", ["A.out -> B.in"]),
        ("\r\nA -> B\r\n\r\n\r\nC -> D\r\n", ["A.out -> B.in", "C.out -> D.in"]),
        ("DEFAULT_INPORT=X\nDEFAULT_OUTPORT=Y\nA -> B", ["A.y -> B.x"]),
        ("A -> B\nDEFAULT_INPORT=X\nA -> C", ["A.out -> B.in", "A.out -> C.x"]),
    ],
)
def test_chains_join_nodes(text: str, expected: list[str]) -> None:
    assert edges(NODES + text) == expected


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("'5 o\\'clock' -> IN A", "5 o'clock"),
        ("'a \"b\" \\n # c' -> IN A", 'a "b" \\n # c'),
        ("'two\nlines' -> IN A", "two\nlines"),
        ('"{\\"a\\":1}" -> IN A', '{"a":1}'),
        (r'"\u00e9\n\ud83d\udca1" -> IN A', "é\n💡"),
        ("5 -> IN A", 5),
        ("-1.5e3 -> IN A", -1500.0),
        ("true -> IN A", True),
        ("null -> IN A", None),
        ("\ttrue -> IN A", True),
        ("\t5 -> IN A", 5),
        ('{"a": [1, {"b": null}], "c": {}} -> IN A', {"a": [1, {"b": None}], "c": {}}),
        ('{\n\t"a":\n[1,\n2]\n}\n-> IN A', {"a": [1, 2]}),
    ],
)
def test_initial_packets_are_texts_or_any_json(text: str, data: object) -> None:
    (initial,) = parse(f"A(x/A)\n{text}\n").initials
    assert initial == Initial(data, PortRef("A", "in"))
    assert type(initial.data) is type(data)


def test_a_packet_may_begin_a_chain() -> None:
    assert edges("5 -> IN A(x/A) OUT -> IN B(x/B)") == ["A.out -> B.in", "5 -> A.in"]


def test_true_is_a_node_where_one_is_declared() -> None:
    assert edges("true(x/T) -> B(x/B)\ntrue -> ON B\ntrue OUT -> B\n\tfalse -> true") == [
        "true.out -> B.in", "true.out -> B.on", "false -> true.in",
    ]  # fmt: skip


def test_nodes_have_metadata() -> None:
    assert parse("A(x/A:x=17,y=42,label=a/b_c,main)").nodes["A"].metadata == {
        "x": 17, "y": 42, "label": "a/b_c", "routes": "main",
    }  # fmt: skip


def test_nodes_without_names_are_numbered_by_component() -> None:
    graph = parse("(core/A) OUT -> IN (B) -> (B)\n_B_1x(X) -> (a-b/c)")
    assert list(graph.nodes) == ["_B_1x", "_core_A_1", "_B_1", "_B_2", "_a_b/c_1"]
    assert [str(edge) for edge in graph.edges][:2] == ["_core_A_1.out -> _B_1.in", "_B_1.out -> _B_2.in"]


def test_ports_are_exported() -> None:
    graph = parse("INPORT=Read.IN.x:FILE_NAME\nOUTPORT=Read(x/R).OUT:OUT\n")
    assert graph.inports == {"file_name": Export("file_name", "Read", "in.x")}
    assert graph.outports == {"out": Export("out", "Read", "out")}


def test_annotations_are_properties() -> None:
    text = "# @runtime msgflo\n# @name My graph\n# @x-y_2 1.5  b  \n# @not one!\nA(x/A)\n# @icon cogs"
    assert parse(text).properties == {
        "environment": {"type": "msgflo"}, "name": "My graph", "x-y_2": "1.5  b", "icon": "cogs",
    }  # fmt: skip


def test_an_empty_text_is_an_empty_graph() -> None:
    for text in ("", "\n", "\r\n  \n,\n", "# only a comment"):
        assert parse(text) == Graph()
    assert dump(Graph()) == ""


def test_case_of_ports_counts_only_where_the_graph_says_so() -> None:
    assert edges('#: {"caseSensitive": true}\nA(x/A) Out -> In A\nA -> A') == ["A.Out -> A.In", "A.OUT -> A.IN"]
    assert edges('#: {"keepCase": true}\nA(x/A) Out -> In A\nA OUT -> IN A') == ["A.OUT -> A.IN"]


def test_keys_behind_a_line_belong_to_it() -> None:
    graph = parse(
        'A(x/A:x=1) #: {"metadata": {"label": "hi there"}, "own": 5}\n'
        'A -> A #: {"metadata": {"route": 5}}\n'
        '5 -> IN A #: {"metadata": {"secure": true}}\n'
        'INPORT=A.IN:PUB #: {"metadata": {"x": 1}, "more": []}\n'
    )
    assert graph.nodes["A"] == Node("A", "x/A", {"x": 1, "label": "hi there"}, {"own": 5})
    assert graph.edges == [Edge(PortRef("A", "out"), PortRef("A", "in"), {"route": 5})]
    assert graph.initials == [Initial(5, PortRef("A", "in"), {"secure": True})]
    assert graph.inports == {"pub": Export("pub", "A", "in", {"x": 1}, {"more": []})}


def test_pieces_of_json_may_be_what_the_language_cannot_say() -> None:
    graph = parse(
        '#: {"connections": [{"src": {"process": "a/b", "port": "out"}, "tgt": {"process": "A", "port": "in"}}]}\n'
        "A(x/A)\n"
        '#: {"processes": {"a/b": {"component": "x.y"}}}\n'
        '#: {"groups": [{"name": "g", "nodes": ["A", "a/b"]}], "properties": {"tags": [1]}}\n'
        "#: just a comment\n"
    )
    assert [str(edge) for edge in graph.edges] == ["a/b.out -> A.in"]
    assert graph.groups["g"].nodes == ("A", "a/b")
    assert graph.properties == {"tags": [1]}


def everything() -> Graph:
    """A graph that needs every way to write that there is."""
    graph = Graph("My graph", {"environment": {"type": "msgflo"}, "runtime": "x", "odd": " a", "tags": [1, None]})
    graph.header = ("# Wires the lamp.", "", "# Second paragraph; @name is not one")
    graph.add_node("A", "x/A", {"x": 5, "y": -3, "label": "two words", "route": "main"})
    graph.put_node(Node("B-2", "x/B", {"x": "5", "z": 5, "nothing": None}, {"own": True}))
    graph.add_node("a/b", "x/C")
    graph.add_node("true", "dotted.name")
    graph.add_node("null", "x/N")
    for number, data in enumerate(
        [0, False, None, "", "5", '{"a":1}', {"b": [True], "a": 1}, "l\u2028\n\t'\"\\", 1.0, 1e300]
    ):
        graph.add_initial(data, PortRef("A", f"in{number}"))
        graph.add_initial(data, PortRef("null", "in"))
    graph.add_initial(True, PortRef("a/b", "in"), {"secure": True})
    graph.add_initial(True, PortRef("A", "in"), {"secure": True})
    graph.add_edge(PortRef("A", "out"), PortRef("B-2", "in"), {"route": 5, "schema": "http://x/y"})
    graph.add_edge(PortRef("null", "out", 3), PortRef("A", "in", 0))
    graph.add_edge(PortRef("null", "out", -3), PortRef("A", "in", "x"))
    graph.add_edge(PortRef("true", "out"), PortRef("a/b", "in-port"))
    graph.exports("inport").add("light", "A", "in", {"x": 1})
    graph.exports("inport").add("li-ght", "A", "in")
    graph.exports("outport").add("state", "B-2", "out")
    graph.exports("outport").add("other", "a/b", "out")
    graph.add_group("two words", ["A", "a/b"], {"description": "ä"})
    graph.extra["name"] = "other"
    return graph


def test_nothing_is_lost_and_the_second_save_is_the_same() -> None:
    graph = everything()
    text = dump(graph)
    again = parse(text)
    assert again == graph
    assert again.header == graph.header
    assert dump(again) == text
    assert json_format.load(json_format.dump(again)) == graph


def test_other_readers_find_only_nodes_that_the_text_itself_declares() -> None:
    graph = Graph()
    graph.add_node("odd", "dotted.name")
    graph.add_node("A", "x/A")
    graph.add_edge(PortRef("odd", "out"), PortRef("A", "in"))
    graph.add_initial(1, PortRef("odd", "in"))
    graph.exports("inport").add("in", "odd", "in")
    statements = [line for line in dump(graph).splitlines() if line and not line.startswith("#:")]
    assert statements == ["A(x/A)"]


def test_what_is_written_is_easy_to_read() -> None:
    graph = Graph("demo", {"environment": {"type": "msgflo"}})
    graph.header = ("# Switches the lamp.",)
    graph.add_node("lamp", "demo/Lamp", {"x": 5, "y": 7})
    graph.add_node("button", "demo/Button")
    graph.add_edge(PortRef("button", "pressed"), PortRef("lamp", "on"))
    graph.add_initial(True, PortRef("lamp", "on"))
    graph.add_initial({"at": 5}, PortRef("lamp", "dim"))
    graph.add_group("all", ["lamp"])
    graph.exports("inport").add("light", "lamp", "on")
    assert dump(graph) == (
        "# Switches the lamp.\n"
        "# @runtime msgflo\n"
        "# @name demo\n"
        "\n"
        "INPORT=lamp.ON:LIGHT\n"
        "\n"
        "button(demo/Button)\n"
        "lamp(demo/Lamp:x=5,y=7)\n"
        "\n"
        "button PRESSED -> ON lamp\n"
        "\n"
        '{"at": 5} -> DIM lamp\n'
        "\ttrue -> ON lamp\n"
        "\n"
        '#: {"groups": [{"name": "all", "nodes": ["lamp"]}]}\n'
    )


TOO_DEEP = "[" * 102 + "]" * 102


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("A(x/A)\nA\tOUT -> IN A", 2, 2, "a tab; only spaces may stand here"),
        ("A(x/A) -> IN C", 1, 14, "no node 'C' in the graph; nodes: A"),
        (
            "A(x/A)\nB(x/B)\nA.OUT -> B.IN",
            3,
            1,
            "no node 'A.OUT' .*; a space divides node and port; write A OUT -> IN B$",
        ),
        ("A(x/A).OUT -> A.IN # x", 1, 7, r"unexpected '.OUT .*; .* write A\(x/A\) OUT -> IN A$"),
        ("A(x/A) @", 1, 8, "unexpected '@'"),
        ("A(x/A", 1, 2, r"\(x/A is not closed"),
        ('A(x/A)\n"abc -> IN A', 2, 1, "does not end"),
        ("A(x/A) ->", 1, 10, "the text ends too early; expected a node or port"),
        ("A(x/A) B(x/B)", 1, 9, r"unexpected '\(x/B\)'; expected '->' or a new line"),
        ("A(X)\nA(Y)", 2, 1, "node 'A' has the component 'X' since line 1, so it cannot be 'Y'"),
        ("A() -> B(x/B)", 1, 1, r"node 'A' has no component; write A\(project/Name\) once"),
        ("() -> A(B)", 1, 1, "without a name needs a component"),
        ("A(x.y)", 1, 1, "component 'x.y' may hold only letters"),
        ("A(B:x=foo)", 1, 1, "metadata x must be a number, not 'foo'"),
        ("A(x/A) OUT", 1, 1, "a port without a connection"),
        ("A(x/A)\nIN A -> A", 2, 1, "no node 'IN'"),
        ("A(B)\nX(Y)\nA -> A X -> X", 3, 6, "both A and X are nodes; write the node with '..'"),
        ("EXPORT=A.IN:X", 1, 1, r"no longer in use; write INPORT=Node.PORT:PUBLIC or OUTPORT="),
        ("INPORT=A.IN:X", 1, 8, "no node 'A'"),
        ('{"a":1,"a":2} -> IN A(B)', 1, 8, 'key "a" is there twice'),
        ("1" * 5000 + " -> IN A(B)", 1, 1, "more than 4300 digits"),
        (f"{TOO_DEEP} -> IN A(B)", 1, 212, "nested deeper than 100"),
        ('A(B) #: {"metadata": 5}', 1, 6, "processes.A.metadata: must be an object"),
        ('A(B) -> C(D) -> E(F) #: {"metadata": {}}', 1, 22, "may only stand behind a line with one connection"),
        ('A(B)\n#: {"connections": [{"src": 5}]}', 2, 1, r'connections\[0\]: "tgt" is missing'),
        ('#: {"caseSensitive": 5}', 1, 1, "caseSensitive must be true or false"),
    ],
)
def test_what_is_wrong_is_logged_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(GraphError, match=message) as caught:
        parse(text, "graph.fbp")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("graph.fbp", line, column)
    assert json.dumps(str(caught.value))
