"""Writes a changed graph as the JSON text that held it before: the order stays, and how it is indented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from .elements import Edge, Export, Group, Initial, Node, PortRef, canonical
from .json_format import FOREIGN_TOP, compact, expanded, form, load, parse_json
from .model import Graph

__all__ = ["connection", "document_of", "edit", "kept_initials", "key_of", "rewritten", "same"]

_ENTRY = re.compile(r"[\[{][^\n\[\]{}]*:[^\n]*[\]}]")
"""A node or a connection on one line."""


def edit(text: str, graph: Graph) -> str | None:
    """Return the text of a JSON graph, changed so that it holds `graph`; None where that fails.

    edit('{"processes": {}}', graph)
    """
    document = parse_json(text, None)
    edited = rewritten(text, document, document_of(document, load(text), graph))
    return edited if load(edited) == graph else None


def rewritten(text: str, old: Any, new: Any) -> str:
    """Return the text of a JSON value that is `new` now: one value a line, one entry a line, or all on one, as it was."""
    new = _in_order(old, new)
    if compact(old) == compact(new):
        return text
    if "\n" not in text.strip():
        written = compact(new, tight='": ' not in text)
    else:
        indent = re.search(r"\n([ \t]+)\S", text)
        unit = indent[1] if indent else "    "
        written = _by_entry(new, unit) if _ENTRY.search(text) else expanded(new, unit)
    before, after = text[: -len(text.lstrip())], text[len(text.rstrip()) :]
    written = f"{before}{written}{after}".replace("\r\n", "\n")
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _in_order(old: Any, new: Any) -> Any:
    """Return a value whose keys come as they did."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    ordered = {key: _in_order(old[key], new[key]) for key in old if key in new}
    return ordered | {key: value for key, value in new.items() if key not in old}


def _by_entry(document: dict[str, Any], unit: str) -> str:
    sections = []
    for key, section in document.items():
        text = compact(section)
        if section and isinstance(section, dict | list):
            named = section.items() if isinstance(section, dict) else ((None, entry) for entry in section)
            lines = [
                f"{compact(name)}: {compact(entry)}" if name is not None else compact(entry) for name, entry in named
            ]
            inner = f",\n{unit}{unit}".join(lines)
            text = f"{text[0]}\n{unit}{unit}{inner}\n{unit}{text[-1]}"
        sections.append(f"{unit}{compact(key)}: {text}")
    return "{\n" + ",\n".join(sections) + "\n}"


def document_of(document: Mapping[str, Any], old: Graph, new: Graph, *, whole: bool = True) -> dict[str, Any]:
    """Return the JSON form of a graph that was `old` as a document of the same order, so that it holds `new`.

    Without `whole`, the document is a piece of a graph: what is not in it already is not added, and no section is empty.
    """
    found = dict(document)
    found["properties"] = _free(document.get("properties"), old.properties, new.properties, whole)
    for key in FOREIGN_TOP:
        if key in document and key in new.extra:
            found[key] = _free({key: document[key]}, old.extra, new.extra, False)[key]
        elif key in new.extra and whole:
            found[key] = new.extra[key]
        else:
            found.pop(key, None)
    processes = document.get("processes") or {}
    found["processes"] = {
        id: value if id in old.nodes and same(old.nodes[id], new.nodes[id]) else form(new.nodes[id])
        for id, value in processes.items()
        if id in new.nodes
    }
    found["connections"] = _connections(document.get("connections") or [], old, new, whole)
    found["groups"] = _groups(document.get("groups") or [], old, new, whole)
    for side, olds, news in (("inports", old.inports, new.inports), ("outports", old.outports, new.outports)):
        found[side] = _exports(document.get(side) or {}, olds, news, new, whole)
    if whole:
        found["processes"] |= {id: form(node) for id, node in new.nodes.items() if id not in processes}
        if new.case_sensitive != old.case_sensitive:
            found["caseSensitive"] = new.case_sensitive
    for section in ("properties", "processes", "connections", "groups", "inports", "outports"):
        if not found[section]:
            # An empty section stays as it is written: {}, [], null, or not at all.
            if not whole or section not in document:
                del found[section]
            elif not document[section]:
                found[section] = document[section]
    return found


def connection(value: Mapping[str, Any]) -> Edge | Initial:
    """Return the edge or the initial packet of an entry of `connections`, without metadata."""
    if value.get("src") is None:
        return Initial(value["data"], _ref(value["tgt"]))
    return Edge(_ref(value["src"]), _ref(value["tgt"]))


def key_of(part: Edge | Initial, graph: Graph) -> tuple[PortRef, PortRef | str]:
    """Return what tells an edge, or an initial packet, from others: its ends, or its target and its data."""
    tgt = _folded(part.tgt, graph)
    return (_folded(part.src, graph), tgt) if isinstance(part, Edge) else (tgt, canonical(part.data))


def same(one: Node | Edge | Initial | Group | Export | None, other: Node | Edge | Initial | Group | Export) -> bool:
    """Whether two parts of a graph would be written alike."""
    if one is None:
        return False
    return one is other or repr(one) == repr(other) or (_form(one) == _form(other))


def kept_initials(old: Graph, new: Graph) -> dict[object, Initial]:
    """Return the initial packets that may stay where they are, by `key_of`, each with what it is now, which may have other data.

    Those to one port come in an order, and new ones are the last.
    """
    there, wanted = _by_port(old, new), _by_port(new, new)
    kept: dict[object, Initial] = {}
    for port, wants in wanted.items():
        has = there.get(port, {})
        # A packet with other data takes the place of the one that is gone from the same port.
        gone = [data for data in has if data not in wants]
        become = dict(zip(gone, (data for data in wants if data not in has), strict=False))
        staying = [(data, become.get(data, data)) for data in has if data in wants or data in become]
        pairs = takewhile(lambda pair: pair[0] == pair[1][1], zip(wants, staying, strict=False))
        kept |= {(port, data): wants[now] for _, (data, now) in pairs}
    return kept


def _form(part: Node | Edge | Initial | Group | Export) -> str:
    name = part.id if isinstance(part, Node) else part.public if isinstance(part, Export) else ""
    return canonical([name, form(part)])


def _by_port(graph: Graph, spelling: Graph) -> dict[PortRef, dict[str, Initial]]:
    found: dict[PortRef, dict[str, Initial]] = {}
    for initial in graph.initials:
        found.setdefault(_folded(initial.tgt, spelling), {})[canonical(initial.data)] = initial
    return found


def _folded(ref: PortRef, graph: Graph) -> PortRef:
    return ref._replace(port=graph.fold(ref.port))


def _free(values: Any, old: Mapping[str, Any], new: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    """Return free keys as they are now; those that are the same are the very values that were there."""
    values = values or {}
    found = {}
    for key, value in values.items():
        if key in new:
            is_same = key in old and canonical([old[key]]) == canonical([new[key]])
            found[key] = value if is_same else new[key]
    return found | ({key: value for key, value in new.items() if key not in values} if whole else {})


def _connections(values: list[Any], old: Graph, new: Graph, whole: bool) -> list[Any]:
    kept = kept_initials(old, new)
    olds = {(_folded(each.tgt, new), canonical(each.data)): each for each in old.initials}
    written: set[int] = set()
    found = []
    for value in values:
        tgt = _folded(_ref(value["tgt"]), new)
        before: Edge | Initial | None
        now: Edge | Initial | None
        if value.get("src") is None:
            packet = tgt, canonical(value["data"])
            before, now = olds.get(packet), kept.get(packet)
        else:
            src = _folded(_ref(value["src"]), new)
            before, now = old.find_edge(src, tgt), new.find_edge(src, tgt)
        if now is None:
            continue
        if same(before, now):
            found.append(value)
        elif id(now) not in written:
            found.append(form(now) | ({"id": value["id"]} if "id" in value else {}))
        written.add(id(now))
    if whole:
        found += [form(edge) for edge in new.edges if id(edge) not in written]
        found += [form(initial) for initial in new.initials if id(initial) not in written]
    return found


def _ref(value: Mapping[str, Any]) -> PortRef:
    return PortRef(value["process"], value["port"], value.get("index"))


def _groups(values: list[Any], old: Graph, new: Graph, whole: bool) -> list[Any]:
    found = []
    for value in values:
        group = new.groups.get(value["name"])
        if group is not None:
            found.append(value if same(old.groups.get(value["name"]), group) else form(group))
    there = {value["name"] for value in values}
    return found + [form(group) for name, group in new.groups.items() if whole and name not in there]


def _exports(
    values: Mapping[str, Any], old: Mapping[str, Export], new: Mapping[str, Export], graph: Graph, whole: bool
) -> dict[str, Any]:
    before = {graph.fold(public): export for public, export in old.items()}
    found, there = {}, set()
    for public, value in values.items():
        export = new.get(public)
        if export is not None:
            there.add(public)
            found[public] = value if same(before.get(graph.fold(public)), export) else form(export)
    return found | {public: form(export) for public, export in new.items() if whole and public not in there}
