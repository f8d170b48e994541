"""Writes a graph as .fbp text, by the conventions of `fbp_reader`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .elements import Node
from .json_format import compact, form, parts
from .model import Graph

__all__ = ["PartWriter", "declaration", "dump", "is_component", "is_inline", "line", "piece", "split"]

_NODE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_COMPONENT = re.compile(r"[A-Za-z0-9_/-]+")
_WORD = re.compile(r"[A-Za-z/_0-9]+")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ANNOTATION = re.compile(r"[A-Za-z0-9_.-]+( +[A-Za-z0-9_.-]+)*")
_MAX_NUMBER = 10**15


def dump(graph: Graph) -> str:
    """Return the graph as .fbp text: one statement a line, sorted; comments hold the parts that the language cannot express."""
    found: dict[str, list[str]] = {"exports": [], "nodes": [], "edges": [], "initials": [], "groups": []}
    writer = PartWriter(
        graph, keep_case=not graph.case_sensitive and any(port != port.lower() for port in _ports(graph))
    )
    for section, key, value in parts(graph):
        if section == "processes" and key is not None:
            found["nodes"].append(writer.node(graph.nodes[key]))
        elif section == "connections":
            found["initials" if "data" in value else "edges"].append(writer.connection(value))
        elif key is not None:
            found["exports"].append(writer.export(section, key, value))
        else:
            found["groups"].append(piece({section: [value]}))
    blocks = [[*graph.header, *writer.head()], *found.values()]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


class PartWriter:
    """Writes parts of a graph, each as one line, as a comment with structure where the language cannot express it.

    Port names are read in small letters, unless the graph is case sensitive or the text says `keepCase`.
    """

    def __init__(self, graph: Graph, *, keep_case: bool) -> None:
        self._graph = graph
        self._keep_case = keep_case
        # The text may name only nodes that it declares, or other readers would refuse the whole file.
        self._in_text = {id for id, node in graph.nodes.items() if _is(_NODE, id) and is_component(node.component)}

    def head(self) -> list[str]:
        """Return the lines of the properties of the whole graph."""
        graph = self._graph
        lines = [self.property(key, graph.properties[key]) for key in sorted(graph.properties, key=_runtime_first)]
        flags = {"caseSensitive": graph.case_sensitive, "keepCase": self._keep_case}
        lines += [piece({key: True}) for key, value in flags.items() if value]
        return lines + [piece({key: value}) for key, value in sorted(graph.extra.items())]

    def property(self, key: str, value: Any) -> str:
        """Return the line of a property of the graph."""
        if (
            key == "environment"
            and isinstance(value, dict)
            and list(value) == ["type"]
            and _is(_ANNOTATION, value["type"])
        ):
            return f"# @runtime {value['type']}"
        if key != "runtime" and _is(_ANNOTATION_KEY, key) and _is(_ANNOTATION, value):
            return f"# @{key} {value}"
        return piece({"properties": {key: value}})

    def node(self, node: Node) -> str:
        """Return the line that declares a node."""
        if node.id not in self._in_text:
            return piece({"processes": {node.id: form(node)}})
        inline, rest = split(node, {key for key in node.metadata if is_inline(key, node.metadata[key])})
        return line(declaration(node.id, node.component, inline), rest)

    def connection(self, value: dict[str, Any]) -> str:
        """Return the line of an edge or an initial packet, given in its JSON form."""
        target = self._ref(value["tgt"])
        source = compact(value["data"]) if "data" in value else self._ref(value["src"])
        if target is None or source is None:
            return piece({"connections": [value]})
        if "src" in value:
            source = f"{source[1]} {source[0]}"
        elif source in ("true", "false", "null"):
            source = f"\t{source}"  # see TAB_LITERAL in fbp.lark
        rest = {key: part for key, part in value.items() if key not in ("data", "src", "tgt")}
        return line(f"{source} -> {target[0]} {target[1]}", rest)

    def export(self, side: str, public: str, value: dict[str, Any]) -> str:
        """Return the line of an exported port, given in its JSON form; `side` is inports or outports."""
        node, port = value["process"], value["port"]
        if not (node in self._in_text and self._may_stand(port) and self._may_stand(public)):
            return piece({side: {public: value}})
        rest = {key: part for key, part in value.items() if key not in ("process", "port")}
        return line(f"{side[:-1].upper()}={node}.{self._port(port)}:{self._port(public)}", rest)

    def _ref(self, ref: dict[str, Any]) -> tuple[str, str] | None:
        """Return port and node as they are written, or None if they cannot be."""
        node, port, index = ref["process"], ref["port"], ref.get("index")
        if not (node in self._in_text and self._may_stand(port)):
            return None
        if index is None:
            return self._port(port), node
        if not isinstance(index, int) or not 0 <= index < _MAX_NUMBER:
            return None
        return f"{self._port(port)}[{index}]", node

    def _may_stand(self, port: str) -> bool:
        return _is(_PORT, port) and (self._graph.case_sensitive or self._keep_case or port == port.lower())

    def _port(self, name: str) -> str:
        return name if self._graph.case_sensitive or self._keep_case else name.upper()


def split(node: Node, inline: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metadata in the parentheses of a node, and the further keys behind them."""
    value = form(node)
    rest = {key: part for key, part in value.items() if key not in ("component", "metadata")}
    if behind := {key: part for key, part in value.get("metadata", {}).items() if key not in inline}:
        rest["metadata"] = behind
    return {key: node.metadata[key] for key in sorted(node.metadata) if key in inline}, rest


def declaration(name: str, component: str, inline: Mapping[str, Any]) -> str:
    """Return a node with its component and metadata, as in `lamp(demo/Lamp:x=5)`."""
    return f"{name}({component}{':' if inline else ''}{','.join(f'{key}={value}' for key, value in inline.items())})"


def line(statement: str, rest: dict[str, Any]) -> str:
    """Return a statement with further keys behind it, if there are any."""
    return f"{statement} #: {compact(rest)}" if rest else statement


def piece(document: dict[str, Any]) -> str:
    """Return a piece of the JSON form of a graph as a line."""
    return f"#: {compact(document)}"


def is_component(name: str) -> bool:
    """Return whether a component may stand in the parentheses of a node."""
    return _COMPONENT.fullmatch(name) is not None


def is_inline(key: str, value: Any) -> bool:
    """Return whether the language can express this metadata of a node, and gives the same value back."""
    if key in ("x", "y"):
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER
    return _is(_WORD, key) and _is(_WORD, value)


def _ports(graph: Graph) -> Iterator[str]:
    """Yield the names of ports that may stand in the text itself."""
    exports = [*graph.inports.values(), *graph.outports.values()]
    refs = [*(ref for edge in graph.edges for ref in (edge.src, edge.tgt)), *(each.tgt for each in graph.initials)]
    names = [*(ref.port for ref in refs), *(name for export in exports for name in (export.public, export.port))]
    return (name for name in names if _is(_PORT, name))


def _runtime_first(key: str) -> tuple[bool, str]:
    return key != "environment", key


def _is(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
