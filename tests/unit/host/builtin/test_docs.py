"""docs/components.md says of the built-in components what they say themselves, and its examples fit them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pytest

from msgflo import Port
from msgflo.component import Component
from msgflo.values import CONVERSIONS, boolean
from msgflo_host.builtin import collection
from msgflo_host.builtin.core._formula import _FUNCTIONS, MAX_DEPTH, MAX_LENGTH, VARIABLES
from msgflo_host.builtin.sizes import MAX_TEXT
from msgflo_host.graph import fbp_reader
from msgflo_host.graph.model import Graph
from nodes import Nodes
from paths import ROOT

TEXT = (ROOT / "docs/components.md").read_text()
EXAMPLES = [fbp_reader.parse(text) for text in re.findall(r"^```fbp\n(.*?)^```$", TEXT, re.M | re.S)]


ROWS = dict(re.findall(r"^\| `(core/\w+)` \| (.*) \|$", TEXT, re.M))


def row_of(component: type[Component]) -> str:
    return f"{component.label} | {ports_of(component.inports)} | {ports_of(component.outports)}"


def ports_of(ports: Iterable[Port]) -> str:
    return ", ".join(f"`{port.id}` {port.type}{default_of(port)}" for port in ports)


def default_of(port: Port) -> str:
    schema = port.schema or {}
    return f" = `{json.dumps(schema['default'])}`" if "default" in schema else ""


@pytest.mark.parametrize("name", sorted(collection.MODULES))
def test_table_says_what_the_component_says(name: str) -> None:
    assert ROWS[name] == row_of(collection.components()[name])


def test_tables_have_no_other_component() -> None:
    assert ROWS.keys() == collection.MODULES.keys()


@pytest.mark.parametrize("graph", EXAMPLES, ids=lambda graph: next(iter(graph.nodes)))
async def test_example_fits_the_components(graph: Graph) -> None:
    known = collection.components()
    nodes = {node.id: known[node.component] for node in graph.nodes.values() if node.component in known}
    assert nodes
    for edge in graph.edges:
        if edge.src.node in nodes:
            assert edge.src.port.lower() in {port.id for port in nodes[edge.src.node].outports}, str(edge)
        if edge.tgt.node in nodes:
            assert edge.tgt.port.lower() in {port.id for port in nodes[edge.tgt.node].inports}, str(edge)
    assert not [node.id for node in graph.nodes.values() if node.component.startswith("core/") and node.id not in nodes]
    running = Nodes({role: component.component for role, component in nodes.items()})
    for initial in graph.initials:
        if initial.tgt.node in nodes:
            running.deliver(initial.tgt.node, initial.tgt.port.lower(), initial.data)
    await running.settle()
    assert running.errors == running.mistakes == []


def test_types_switches_functions_and_limits_are_those_of_the_program() -> None:
    types = [name for row in re.findall(r"^\| ([a-z, ]+) \| [^|]+ \|$", TEXT, re.M) for name in row.split(", ")]
    assert set(CONVERSIONS) <= set(types)
    boolean_row = next(line for line in TEXT.splitlines() if line.startswith("| boolean |"))
    for text in re.findall("`([^`]+)`", boolean_row):
        boolean(json.loads(text))
    functions = next(line for line in TEXT.splitlines() if line.startswith("| functions |"))
    assert set(re.findall(r"`(\w+)\(", functions)) == set(_FUNCTIONS)
    assert set(VARIABLES) <= set(re.findall("`([a-z]+)`", TEXT))
    for number in (f"{MAX_TEXT:,}", str(MAX_LENGTH), str(MAX_DEPTH)):
        assert number.replace(",", " ") in TEXT.replace("\n", " ")
