"""From a graph to .fbp text; the conventions are those of fbp_format."""

from __future__ import annotations

import re
from typing import Any

from .elements import Node
from .json_format import compact, parts
from .model import Graph

__all__ = ["dump"]

_NODE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_COMPONENT = re.compile(r"[A-Za-z0-9_/-]+")
_WORD = re.compile(r"[A-Za-z/_0-9]+")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ANNOTATION = re.compile(r"[A-Za-z0-9_.-]+( +[A-Za-z0-9_.-]+)*")
_MAX_NUMBER = 10**15


def dump(graph: Graph) -> str:
    """Return the graph as .fbp text: one statement a line, sorted; comments keep what the language cannot express."""
    return _Writer(graph).text()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        ports = [ref.port for edge in graph.edges for ref in (edge.src, edge.tgt)]
        ports += [initial.tgt.port for initial in graph.initials]
        for exports in (graph.inports, graph.outports):
            ports += [name for export in exports.values() for name in (export.public, export.port)]
        # Only what stands in the text itself may be named in it, or other readers would refuse the whole file.
        self._in_text = {id for id, node in graph.nodes.items() if _is(_NODE, id) and _is(_COMPONENT, node.component)}
        self._keep_case = not graph.case_sensitive and any(port != port.lower() for port in ports if _is(_PORT, port))

    def text(self) -> str:
        found: dict[str, list[str]] = {"exports": [], "nodes": [], "edges": [], "initials": [], "groups": []}
        for section, key, value in parts(self._graph):
            if section == "processes" and key is not None:
                found["nodes"].append(self._node(self._graph.nodes[key], value))
            elif section == "connections":
                found["initials" if "data" in value else "edges"].append(self._connection(value))
            elif key is not None:
                found["exports"].append(self._export(section, key, value))
            else:
                found["groups"].append(_piece({section: [value]}))
        blocks = [self._head(), *("".join(lines) for lines in found.values())]
        return "\n".join(block for block in blocks if block)

    def _head(self) -> str:
        graph = self._graph
        lines = [f"{line}\n" for line in graph.header]
        properties = dict(sorted(graph.properties.items()))
        environment = properties.get("environment")
        if isinstance(environment, dict) and list(environment) == ["type"] and _is(_ANNOTATION, environment["type"]):
            lines.append(f"# @runtime {properties.pop('environment')['type']}\n")
        for key, value in properties.items():
            if key != "runtime" and _is(_ANNOTATION_KEY, key) and _is(_ANNOTATION, value):
                lines.append(f"# @{key} {value}\n")
            else:
                lines.append(_piece({"properties": {key: value}}))
        flags = {"caseSensitive": graph.case_sensitive, "keepCase": self._keep_case}
        lines += [_piece({key: True}) for key, value in flags.items() if value]
        lines += [_piece({key: value}) for key, value in sorted(graph.extra.items())]
        return "".join(lines)

    def _node(self, node: Node, value: dict[str, Any]) -> str:
        if node.id not in self._in_text:
            return _piece({"processes": {node.id: value}})
        inline = {key: part for key, part in sorted(node.metadata.items()) if _inline(key, part)}
        rest = {key: part for key, part in value.items() if key not in ("component", "metadata")}
        if len(inline) < len(node.metadata):
            rest["metadata"] = {key: part for key, part in value["metadata"].items() if key not in inline}
        metadata = ",".join(f"{key}={part}" for key, part in inline.items())
        return _line(f"{node.id}({node.component}{':' if metadata else ''}{metadata})", rest)

    def _connection(self, value: dict[str, Any]) -> str:
        target = self._ref(value["tgt"])
        source = compact(value["data"]) if "data" in value else self._ref(value["src"])
        if target is None or source is None:
            return _piece({"connections": [value]})
        if "src" in value:
            source = f"{source[1]} {source[0]}"
        elif source in ("true", "false", "null"):
            source = f"\t{source}"  # see TAB_LITERAL in fbp.lark
        rest = {key: part for key, part in value.items() if key not in ("data", "src", "tgt")}
        return _line(f"{source} -> {target[0]} {target[1]}", rest)

    def _ref(self, ref: dict[str, Any]) -> tuple[str, str] | None:
        """Return port and node as they are written, or None if they cannot be."""
        node, port, index = ref["process"], ref["port"], ref.get("index")
        if not (node in self._in_text and _is(_PORT, port)):
            return None
        if index is None:
            return self._port(port), node
        if not isinstance(index, int) or not 0 <= index < _MAX_NUMBER:
            return None
        return f"{self._port(port)}[{index}]", node

    def _export(self, side: str, public: str, value: dict[str, Any]) -> str:
        node, port = value["process"], value["port"]
        if not (node in self._in_text and _is(_PORT, port) and _is(_PORT, public)):
            return _piece({side: {public: value}})
        rest = {key: part for key, part in value.items() if key not in ("process", "port")}
        return _line(f"{side[:-1].upper()}={node}.{self._port(port)}:{self._port(public)}", rest)

    def _port(self, name: str) -> str:
        return name if self._graph.case_sensitive or self._keep_case else name.upper()


def _inline(key: str, value: Any) -> bool:
    """Return whether the language can express this metadata of a node, and gives the same value back."""
    if key in ("x", "y"):
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER
    return _is(_WORD, key) and _is(_WORD, value)


def _is(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _line(statement: str, rest: dict[str, Any]) -> str:
    return f"{statement} #: {compact(rest)}\n" if rest else f"{statement}\n"


def _piece(document: dict[str, Any]) -> str:
    return f"#: {compact(document)}\n"
