"""Edits of an .fbp text: it holds the new graph, and every line that is not concerned stays as its author wrote it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fuzz import fuzzed, json_values
from msgflo_host.errors import GraphError
from msgflo_host.graph.fbp_edit import edit
from msgflo_host.graph.fbp_reader import parse
from msgflo_host.graph.model import Graph, PortRef

TEXT = """\
# What is joined to what.

machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp)   # the load
  lamp   ALARM -> POWER fan(demo/Fan) STATE -> COOLING lamp, machine MEMORY -> IN spare(demo/Lamp)

1 -> INTERVAL machine  # seconds
'five' -> LIMIT lamp
# the end
"""


def port(text: str) -> PortRef:
    node, name = text.split(".")
    return PortRef(node, name)


def lines(text: str, change: Callable[[Graph], object], *renames: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Return the lines that go and those that come by a change of the graph, after which some nodes are renamed."""
    graph = parse(text)
    change(graph)
    for old, name in renames:
        graph.rename_node(old, name)
    new = edit(text, graph, renames)
    assert new is not None
    assert parse(new) == graph
    old_lines, new_lines = text.splitlines(keepends=True), new.splitlines(keepends=True)
    gone = [line for line in old_lines if line not in new_lines]
    come = [line for line in new_lines if line not in old_lines]
    stay = [line for line in old_lines if line in new_lines]
    assert [line for line in new_lines if line in old_lines] == stay, "in the same order"
    return [line.rstrip("\n") for line in gone], [line.rstrip("\n") for line in come]


def without_edge(src: str, tgt: str) -> Callable[[Graph], object]:
    return lambda graph: graph.remove_edge(port(src), port(tgt))


CHAIN = "  lamp   ALARM -> POWER fan(demo/Fan) STATE -> COOLING lamp, machine MEMORY -> IN spare(demo/Lamp)"


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (
            without_edge("machine.load", "lamp.level"),
            ["machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp)   # the load"],
            ["machine(demo/Machine)", "lamp(demo/Lamp)   # the load"],
        ),
        (
            without_edge("lamp.alarm", "fan.power"),
            [CHAIN],
            ["  fan(demo/Fan) STATE -> COOLING lamp, machine MEMORY -> IN spare(demo/Lamp)"],
        ),
        (
            without_edge("fan.state", "lamp.cooling"),
            [CHAIN],
            ["  lamp   ALARM -> POWER fan(demo/Fan), machine MEMORY -> IN spare(demo/Lamp)"],
        ),
        (
            lambda graph: graph.remove_node("spare"),
            [CHAIN],
            ["  lamp   ALARM -> POWER fan(demo/Fan) STATE -> COOLING lamp"],
        ),
        (
            lambda graph: graph.remove_node("fan"),
            [CHAIN],
            ["  machine MEMORY -> IN spare(demo/Lamp)"],
        ),
        (
            lambda graph: graph.remove_initial(port("machine.interval")),
            ["1 -> INTERVAL machine  # seconds"],
            ["# seconds"],
        ),
        (
            lambda graph: (graph.remove_initial(port("machine.interval")), graph.add_initial(2, port("machine.interval"))),
            ["1 -> INTERVAL machine  # seconds"],
            ["2 -> INTERVAL machine  # seconds"],
        ),
        (
            lambda graph: (graph.remove_initial(port("lamp.limit")), graph.add_initial("5 o'clock", port("lamp.limit"))),
            ["'five' -> LIMIT lamp"],
            ['"5 o\'clock" -> LIMIT lamp'],
        ),
        (
            lambda graph: graph.change_node("lamp", {"icon": "sun", "label": "two words"}),
            ["machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp)   # the load"],
            [
                "machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp:icon=sun)   # the load",
                'lamp #: {"metadata": {"label": "two words"}}',
            ],
        ),
        (
            lambda graph: graph.change_edge(port("machine.load"), port("lamp.level"), {"route": 3}),
            ["machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp)   # the load"],
            ['machine(demo/Machine) LOAD -> LEVEL lamp(demo/Lamp) #: {"metadata": {"route": 3}}', "# the load"],
        ),
        (
            lambda graph: graph.change_edge(port("fan.state"), port("lamp.cooling"), {"route": 3}),
            [CHAIN],
            [
                "  lamp   ALARM -> POWER fan(demo/Fan)",
                '  fan STATE -> COOLING lamp #: {"metadata": {"route": 3}}',
                "  machine MEMORY -> IN spare(demo/Lamp)",
            ],
        ),
        (
            lambda graph: (graph.add_node("b", "x/B"), graph.add_edge(port("b.out"), port("lamp.on"))),
            [],
            ["b(x/B)", "b OUT -> ON lamp"],
        ),
        (
            lambda graph: graph.add_node("Küche", "x/B"),
            [],
            ['#: {"processes": {"Küche": {"component": "x/B"}}}'],
        ),
    ],
    ids=[
        "an edge", "the first of a chain", "the last of a chain", "a node at an end", "a node in the middle",
        "a packet", "other data", "other text", "metadata of a node", "metadata of an edge",
        "metadata of an edge in a chain", "a new node with an edge", "a node that the language cannot name",
    ],
)  # fmt: skip
def test_only_the_lines_of_what_has_changed_are_written(
    change: Callable[[Graph], object], gone: list[str], come: list[str]
) -> None:
    assert lines(TEXT, change) == (gone, come)


def test_a_node_is_renamed_where_it_stands_though_more_has_changed() -> None:
    text = "a(x/A) OUT -> IN b(x/B)  # joined\nb OUT -> IN a # back\n"
    added = [*lines(text, lambda graph: graph.add_initial(5, port("a.limit")), ("a", "c"))]
    assert added == [
        ["a(x/A) OUT -> IN b(x/B)  # joined", "b OUT -> IN a # back"],
        ["c(x/A) OUT -> IN b(x/B)  # joined", "b OUT -> IN c # back", "5 -> LIMIT c"],
    ]


def test_a_name_that_the_language_cannot_say_is_written_as_a_new_node() -> None:
    gone, come = lines("a(x/A)  # first\nb(x/B)\n", lambda graph: None, ("a", "Küche"))
    assert (gone, come) == (["a(x/A)  # first"], ["# first", '#: {"processes": {"Küche": {"component": "x/A"}}}'])


def test_an_edit_that_changes_nothing_changes_no_byte() -> None:
    for text in (TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n"), "", "# only\r\n"):
        assert edit(text, parse(text)) == text


def test_ends_of_lines_and_a_missing_one_stay() -> None:
    for text in (TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n")):
        graph = parse(text)
        graph.add_node("b", "x/B")
        new = edit(text, graph)
        assert new is not None
        end = "\r\n" if "\r" in text else "\n"
        assert new == (f"{text}b(x/B){end}" if text.endswith(end) else f"{text}{end}b(x/B)")


def test_comments_stay_where_all_else_goes() -> None:
    graph = parse(TEXT)
    graph.clear()
    assert edit(TEXT, graph) == "# What is joined to what.\n\n# the load\n\n# seconds\n# the end\n"


def test_pieces_of_json_are_changed_where_they_stand() -> None:
    text = 'a(x/A)\n#: { "groups": [ {"name":"g", "nodes":["a"]},  {"name":"h", "nodes":["a"]} ] }\n'
    graph = parse(text)
    graph.change_group("h", {"color": 1})
    assert str(edit(text, graph)).splitlines()[1] == (
        '#: {"groups": [{"name": "g", "nodes": ["a"]}, {"metadata": {"color": 1}, "name": "h", "nodes": ["a"]}]}'
    )
    graph.remove_group("g")
    graph.remove_group("h")
    assert edit(text, graph) == "a(x/A)\n"


def test_nodes_without_a_name_keep_the_one_that_they_are_called_by() -> None:
    text = "(x/B) -> (x/B)  # two\n"
    graph = parse(text)
    graph.remove_node("_x_B_1")
    assert edit(text, graph) == "_x_B_2(x/B)  # two\n"


# -- any text, any edit --

NODES = ["a", "b", "c-d", "true", "IN", "_x_A_1"]
PORTS = ["in", "out", "a", "x_1"]
places = st.sampled_from(["a", "b", "a(x/A)", "b(x/B:x=1,y=2)", "c-d(x/C:main)", "(x/A)", "(x/A:x=5)", "a()", "true"])
values = st.sampled_from(["5", "'it\\'s'", '{"a":\n[1, 2]}', "\ttrue", '"text"', "\t 7"])
ports = st.sampled_from(["IN", "OUT", "A", "x_1", "IN[1]"])


@st.composite
def chains(draw: st.DrawFn) -> str:
    count = draw(st.integers(1, 4))
    packet = f"{draw(values)} -> " if draw(st.booleans()) else ""
    found = []
    for number in range(count):
        before = f"{draw(ports)} " if number or packet else ""
        after = f" {draw(ports)}" if number + 1 < count else ""
        found.append(before + draw(places) + after)
    keys = ' #: {"metadata":  {"secure": true}}' if count + bool(packet) == 2 and draw(st.booleans()) else ""
    return packet + draw(st.sampled_from([" -> ", "->", "   ->  "])).join(found) + keys


statements = chains() | st.sampled_from([
    "", "# a comment", "  # another", "INPORT=a.IN:X", "OUTPORT=b(x/B).OUT:Y #: {\"metadata\": {\"x\": 1}}", "# @name me",
    "DEFAULT_INPORT=A", '#: {"groups": [{"name": "g", "nodes": ["a"]}]}', '#: {"processes": {"o/d": {"component": "x.y"}}}',
    '#: {"connections": [{"data": 5, "tgt": {"process": "a", "port": "in"}}]}', '#: {"properties": {"tags": [1]}}',
    'a(x/A) #: {"metadata": {"label": "two words"}, "own": 1}', '#: {"keepCase": true}',
])  # fmt: skip
ends = st.sampled_from(["\n", "\n", "\r\n", "  # behind\n", ", ", " ,\n", "\n\n"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw a text; all that it names is declared at its head, if nowhere else."""
    found = [draw(statements) + draw(ends) for _ in range(draw(st.integers(1, 6)))]
    return "a(x/A), b(x/B)\n" + "".join(found) + draw(st.sampled_from(["", "# the end", "a"]))


refs = st.builds(PortRef, st.sampled_from(NODES), st.sampled_from(PORTS), st.sampled_from([None, None, None, 1]))
metadata = st.dictionaries(st.sampled_from(["x", "label", "route"]), json_values, max_size=2)
nodes = st.sampled_from(NODES)
edits: st.SearchStrategy[tuple[str, tuple[object, ...]]] = st.one_of(
    st.tuples(st.just("add_node"), st.tuples(nodes, st.sampled_from(["x/A", "x.y"]), metadata)),
    st.tuples(st.just("change_node"), st.tuples(nodes, metadata)),
    st.tuples(st.just("remove_node"), st.tuples(nodes)),
    st.tuples(st.just("rename_node"), st.tuples(nodes, st.sampled_from([*NODES, "new", "n/w"]))),
    st.tuples(st.just("add_edge"), st.tuples(refs, refs, metadata)),
    st.tuples(st.just("add_initial"), st.tuples(json_values, refs, metadata)),
    st.tuples(st.just("add"), st.tuples(st.sampled_from(["x", "P-1"]), nodes, st.sampled_from(PORTS))),
    st.tuples(st.just("add_group"), st.tuples(st.just("g"), st.lists(nodes, max_size=2, unique=True))),
)


@st.composite
def edited(draw: st.DrawFn, text: str) -> tuple[Graph, list[tuple[str, str]]]:
    graph, renames = parse(text), []
    for name, arguments in draw(st.lists(edits, max_size=3)):
        with suppress(GraphError):
            target = graph.exports("inport") if name == "add" else graph
            getattr(target, name)(*arguments)
            if name == "rename_node":
                renames.append((str(arguments[0]), str(arguments[1])))
    for edge in draw(st.lists(st.sampled_from(graph.edges), max_size=2, unique_by=str)) if graph.edges else []:
        graph.remove_edge(edge.src, edge.tgt)
    for initial in draw(st.lists(st.sampled_from(graph.initials), max_size=1)) if graph.initials else []:
        graph.remove_initial(initial.tgt, initial.data)
    return graph, renames


def comments(text: str) -> list[str]:
    return [
        line[line.index("#") :] for line in text.splitlines() if line.endswith(("# behind", "# another", "# a comment"))
    ]


@fuzzed
@given(st.data())
def test_fuzz_an_edited_text_holds_the_graph_and_every_comment(data: st.DataObject) -> None:
    text = data.draw(texts())
    try:
        parse(text)
    except GraphError:
        assume(False)
    graph, renames = data.draw(edited(text))
    new = edit(text, graph, renames)
    assert new is not None
    assert parse(new) == graph
    assert comments(new) == comments(text)
    assert edit(text, parse(text)) == text
