"""JSON graphs: what is read, kept, written and refused."""

from __future__ import annotations

import json

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph.json_format import dump, load
from msgflo_host.graph.model import PortRef

FULL = {
    "caseSensitive": True,
    "properties": {"name": "demo", "environment": {"type": "msgflo", "content": "<b>"}, "mine": [1, None]},
    "inports": {"light": {"process": "lamp", "port": "on", "metadata": {"x": 1}, "own": "kept"}},
    "outports": {"state": {"process": "lamp", "port": "state"}},
    "groups": [{"name": "all", "nodes": ["lamp", "a/b"], "metadata": {"description": "both"}}],
    "processes": {
        "lamp": {
            "component": "demo/Lamp",
            "metadata": {"x": 12, "y": -3, "label": "Lámpara 💡"},
            "own": {"kept": True},
        },
        "a/b": {"component": "demo/Button"},
    },
    "connections": [
        {"data": {"z": 1, "a": [None, 1.5]}, "tgt": {"process": "lamp", "port": "on"}, "metadata": {"route": 1}},
        {"data": None, "tgt": {"process": "lamp", "port": "on"}},
        {"data": False, "tgt": {"process": "lamp", "port": "on", "index": 2}},
        {"src": {"process": "a/b", "port": "Out", "index": "x"}, "tgt": {"process": "lamp", "port": "on"}},
        {"src": {"process": "a/b", "port": "out"}, "tgt": {"process": "lamp", "port": "on"}, "metadata": {"route": 5}},
    ],
}


def test_nothing_is_lost_on_the_way_through() -> None:
    written = dump(load(json.dumps(FULL)))
    again = json.loads(written)
    key = json.dumps
    assert sorted(map(key, again.pop("connections"))) == sorted(
        key(dict(sorted({k: dict(sorted(v.items())) if k in ("src", "tgt") else v for k, v in c.items()}.items())))
        for c in FULL["connections"]  # type: ignore[attr-defined]
    )
    assert again == {section: value for section, value in FULL.items() if section != "connections"}
    assert dump(load(written)) == written


def test_files_are_sorted_with_edges_before_initial_packets() -> None:
    graph = load(json.dumps(FULL))
    document = json.loads(dump(graph))
    assert list(document) == sorted(document)
    assert list(document["processes"]) == ["a/b", "lamp"]
    assert ["src" in connection for connection in document["connections"]] == [True, True, False, False, False]
    assert dump(graph).startswith(
        '{\n    "caseSensitive": true,\n    "connections": [\n        {\n            "src": {\n'
    )
    assert dump(graph).endswith("}\n")


def test_the_order_of_initial_packets_to_one_port_is_stored() -> None:
    graph = load('{"processes": {"n": {"component": "a/B"}}}')
    for data in ("z", "a", 5):
        graph.add_initial(data, PortRef("n", "in"))
    assert [initial.data for initial in load(dump(graph)).initials] == ["z", "a", 5]


def test_empty_ports_are_read_as_a_list_and_written_as_an_object() -> None:
    text = dump(load('{"inports": [], "outports": [], "processes": {}}'))
    assert json.loads(text)["inports"] == {}
    assert json.loads(text)["outports"] == {}


def test_what_other_tools_write_at_the_top_is_stored() -> None:
    top = {key: f"the {key}" for key in ("$schema", "description", "icon", "id", "library", "name", "project")}
    assert json.loads(dump(load(json.dumps(top)))).items() >= top.items()


def test_halves_of_surrogate_pairs_are_written_in_a_way_that_files_can_hold() -> None:
    text = r'{"properties": {"odd": "\ud83d \u2028"}}'
    written = dump(load(text))
    assert r"\ud83d \u2028" in written
    written.encode()
    assert load(written) == load(text)


NODE = '{"processes": {"n": {"component": "a/B"}},\n'
TGT = '"tgt": {"process": "n", "port": "in"}'


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "not JSON: Expecting value"),
        ("[]", 1, 1, "a graph must be an object, not a list"),
        ('{"conections": []}', 1, 16, "conections: unknown key; allowed are caseSensitive, properties"),
        (
            '{"exports": [{"public": "in", "private": "read.in"}]}',
            1,
            14,
            r"exports\[0\]: this form does not say in which direction; "
            'write "inports": {"in": {"process": "read", "port": "in"}}, or the same as "outports"',
        ),
        ('{"caseSensitive": 1}', 1, 19, "caseSensitive: must be true or false, not a number"),
        ('{"processes": {"a": {}}}', 1, 21, 'processes.a: "component" is missing'),
        (
            '{"processes": {"a b": {"component": 5}}}',
            1,
            37,
            r'processes\["a b"\].component: must be a text, not a number',
        ),
        ('{"processes": {"a": 1,\n"a": 2}}', 2, 6, "processes.a is there twice"),
        (NODE + f'"connections": [{{{TGT}}}]}}', 2, 17, r'connections\[0\]: neither "src" nor "data"'),
        (NODE + f'"connections": [\n{{"data": 1, "src": {{}}, {TGT}}}]}}', 3, 1, 'has both "src" and "data"'),
        (NODE + '"connections": [{"data": 1}]}', 2, 17, '"tgt" is missing'),
        (NODE + '"connections": [{"data": 1, "tgt": {"node": "n", "port": "in"}}]}', 2, 45, 'this key is "process"'),
        (
            NODE + '"connections": [{"data": 1, "tgt": {"process": "m", "port": "in"}}]}',
            2,
            48,
            "no node 'm'.* nodes: n",
        ),
        (
            NODE + f'"connections": [{{"data": 1, "metdata": {{}}, {TGT}}}]}}',
            2,
            40,
            "metdata: unknown key; allowed are",
        ),
        (NODE + '"groups": [{"name": "g", "nodes": []}, {"name": "g", "nodes": []}]}', 2, 49, "is there twice"),
        ('{"properties": {"a": NaN}}', 1, 22, "NaN is not JSON"),
        ('{"properties": {"a": ' + "1" * 5000 + "}}", 1, 22, "more than 4300 digits"),
        ('{"properties": {"a": ' + "[" * 500 + "]" * 500 + "}}", 1, 16, "nested deeper than 100"),
        ("[" * 100_000, 1, 102, "nested deeper than 100"),
    ],
)
def test_what_is_wrong_is_logged_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(GraphError, match=message) as caught:
        load(text, "graph.json")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("graph.json", line, column)
    assert str(caught.value).startswith(f"graph.json:{line}:{column}: ")
