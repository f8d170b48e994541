"""JSON graphs, as the tools of flow-based programming exchange them (`fbp` schemata/graph.yaml)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..errors import GraphError
from . import json_positions
from .elements import MAX_DEPTH, Edge, Export, Group, Initial, Node, PortRef, check_object, kind, short
from .json_positions import Path
from .model import Graph

__all__ = [
    "FOREIGN_TOP",
    "ShapeError",
    "compact",
    "described",
    "dump",
    "expanded",
    "form",
    "load",
    "located",
    "merge",
    "parse_json",
    "parts",
]

_TOP = ("caseSensitive", "properties", "inports", "outports", "groups", "processes", "connections")
FOREIGN_TOP = ("$schema", "description", "icon", "id", "library", "name", "project")
"""Keys that are not in the schema, but written by some tools."""
_LONE = re.compile("[\ud800-\udfff\u2028\u2029]")


class ShapeError(GraphError):
    """JSON that is no graph; `path` leads to the part that is wrong."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def load(text: str, file: str | None = None) -> Graph:
    """Return the graph that a JSON text describes; GraphError with file, line and column if it does not."""
    document = parse_json(text, file)
    try:
        if not isinstance(document, dict):
            raise ShapeError((), f"a graph must be an object, not {kind(document)}")
        graph = Graph(case_sensitive=_case_sensitive(document))
        merge(graph, document)
    except ShapeError as wrong:
        raise located(wrong, text, file) from None
    return graph


def dump(graph: Graph, *, indent: int | None = 4) -> str:
    """Return the graph as JSON text: sorted, one value a line, edges before initial packets; ends with a newline.

    Without `indent` all is on one line, which takes a third of the time.
    """
    document: dict[str, Any] = {section: [] if section in ("connections", "groups") else {} for section in _TOP}
    document |= {"caseSensitive": graph.case_sensitive, "properties": _sorted(graph.properties)}
    document |= _sorted(graph.extra)
    for section, key, value in parts(graph):
        if key is None:
            document[section].append(value)
        else:
            document[section][key] = value
    return _escape(json.dumps(dict(sorted(document.items())), indent=indent, ensure_ascii=False)) + "\n"


def compact(value: Any, *, tight: bool = False) -> str:
    """Return a value as JSON on one line, keys in their order; `tight` is without spaces."""
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ":") if tight else None))


def expanded(value: Any, indent: str) -> str:
    """Return a value as JSON, one value a line, keys in their order."""
    return _escape(json.dumps(value, ensure_ascii=False, indent=indent))


def parts(graph: Graph) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return all nodes, edges, … of a graph in the order of files, as (section, key, value) of its JSON form."""
    found: list[tuple[str, str | None, dict[str, Any]]] = []
    for side, exports in (("inports", graph.inports), ("outports", graph.outports)):
        found += [(side, public, form(export)) for public, export in sorted(exports.items())]
    found += [("processes", id, form(node)) for id, node in sorted(graph.nodes.items())]
    found += [("connections", None, form(edge)) for edge in graph.sorted_edges()]
    found += [("connections", None, form(initial)) for initial in graph.sorted_initials()]
    return found + [("groups", None, form(group)) for _, group in sorted(graph.groups.items())]


def form(part: Node | Edge | Initial | Group | Export) -> dict[str, Any]:
    """Return the JSON form of one part of a graph; that of a node or an exported port is without its name."""
    if isinstance(part, Node):
        return _part(part, component=part.component)
    if isinstance(part, Edge):
        return _part(part, src=_ref_json(part.src), tgt=_ref_json(part.tgt))
    if isinstance(part, Initial):
        return {"data": part.data, **_part(part, tgt=_ref_json(part.tgt))}  # the data's own key order is the user's
    if isinstance(part, Group):
        return _part(part, name=part.name, nodes=list(part.nodes))
    return _part(part, process=part.node, port=part.port)


def merge(graph: Graph, document: Mapping[str, Any]) -> None:
    """Add the parts of a JSON graph, or of a piece of one; ShapeError if one is not sound."""
    for key in document:
        if key not in (*_TOP, *FOREIGN_TOP, "exports"):
            _unknown((key,), key, _TOP)
    for number, value in enumerate(_list(document, "exports", ())):
        _former_export(value, ("exports", number))
    _store(("properties",), lambda: graph.properties.update(_free(document, "properties", ())))
    _store((), lambda: graph.extra.update(check_object(_only(document, FOREIGN_TOP), "it")))
    for id, value in _object(document, "processes", ()).items():
        _read_node(graph, id, value, ("processes", id))
    for number, value in enumerate(_list(document, "connections", ())):
        _read_connection(graph, value, ("connections", number))
    for number, value in enumerate(_list(document, "groups", ())):
        _read_group(graph, value, ("groups", number))
    for side, put in (("inports", graph.exports("inport").put), ("outports", graph.exports("outport").put)):
        if document.get(side) == []:  # MsgFlo's coordinator writes this for "none"
            continue
        for public, value in _object(document, side, ()).items():
            _read_export(put, public, value, (side, public))


def parse_json(text: str, file: str | None) -> Any:
    """Return the value of a JSON text; GraphError with file, line and column if it is none."""

    def fail(message: str, offset: int) -> NoReturn:
        line, column = json_positions.line_column(text, offset)
        raise GraphError(message, file=file, line=line, column=column)

    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        fail(f"not JSON: {wrong.msg}", wrong.pos)
    except RecursionError:
        fail(f"nested deeper than {MAX_DEPTH} levels", json_positions.first_deeper(text, MAX_DEPTH))
    except _Duplicate as wrong:
        path, offset = json_positions.first_duplicate(text) or ((str(wrong),), 0)
        fail(f"{json_positions.path_text(path)} is there twice", offset)
    except _NoConstant as wrong:
        fail(f"{wrong} is not JSON", text.find(str(wrong)))
    except ValueError:  # Python's limit for whole numbers
        huge = re.search(r"\d{4000}", text)
        fail("a whole number has more than 4300 digits", huge.start() if huge else 0)


def described(wrong: GraphError) -> str:
    """Return the message of an error with the JSON path that it has, if any."""
    where = json_positions.path_text(wrong.path) if isinstance(wrong, ShapeError) else ""
    return f"{where}: {wrong.message}" if where else wrong.message


def located(wrong: ShapeError, text: str, file: str | None = None) -> GraphError:
    """Return the error with the line and column of `text` where the part stands that is wrong."""
    line, column = json_positions.line_column(text, json_positions.find(text, wrong.path))
    return GraphError(described(wrong), file=file, line=line, column=column)


class _Duplicate(Exception):
    pass


class _NoConstant(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Duplicate
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NoConstant(name)


def _case_sensitive(document: Mapping[str, Any]) -> bool:
    value = document.get("caseSensitive", False)
    if not isinstance(value, bool):
        raise ShapeError(("caseSensitive",), f"must be true or false, not {kind(value)}")
    return value


def _read_node(graph: Graph, id: str, value: Any, path: Path) -> None:
    found = _checked(value, path, ("component",))
    rest = _rest(found, ("component", "metadata"), path)
    node = Node(id, found["component"], _free(found, "metadata", path), rest)
    _store(path, lambda: graph.put_node(node))


def _read_connection(graph: Graph, value: Any, path: Path) -> None:
    found = _checked(value, path, ("tgt",), ("src", "data", "metadata", "id"))
    tgt, metadata = _ref(graph, found["tgt"], (*path, "tgt")), _free(found, "metadata", path)
    if found.get("src") is None:
        if "data" not in found:
            raise ShapeError(path, 'neither "src" nor "data" is there; an edge has src, an initial packet has data')
        _store(path, lambda: graph.put_initial(Initial(found["data"], tgt, metadata)))
        return
    if "data" in found:
        raise ShapeError(path, 'has both "src" and "data"; an edge has src, an initial packet has data')
    src = _ref(graph, found["src"], (*path, "src"))
    _store(path, lambda: graph.put_edge(Edge(src, tgt, metadata)))


def _read_group(graph: Graph, value: Any, path: Path) -> None:
    found = _checked(value, path, ("name", "nodes"), ("metadata",))
    nodes = _list(found, "nodes", path)
    for number, node in enumerate(nodes):
        if not isinstance(node, str):
            raise ShapeError((*path, "nodes", number), f"must be a node's name, not {kind(node)}")
    if found["name"] in graph.groups:
        raise ShapeError((*path, "name"), f"a group {found['name']!r} is there twice")
    group = Group(found["name"], tuple(nodes), _free(found, "metadata", path))
    _store(path, lambda: graph.put_group(group))


def _read_export(put: Callable[[Export], Export], public: str, value: Any, path: Path) -> None:
    found = _checked(value, path, ("process", "port"))
    rest = _rest(found, ("process", "port", "metadata"), path)
    _store(path, lambda: put(Export(public, found["process"], found["port"], _free(found, "metadata", path), rest)))


def _former_export(value: Any, path: Path) -> NoReturn:
    """Raise the error for {"public": "in", "private": "read.in"}, as old versions of NoFlo wrote it."""
    found = value if isinstance(value, dict) else {}
    node, _, port = str(found.get("private", "NODE.PORT")).partition(".")
    port_of = {"process": found.get("process", node), "port": found.get("port", port)}
    example = compact(
        {short(str(found.get("public", "NAME"))): {key: short(str(text)) for key, text in port_of.items()}}
    )
    raise ShapeError(
        path, f'this form does not say in which direction; write "inports": {example}, or the same as "outports"'
    )


def _ref(graph: Graph, value: Any, path: Path) -> PortRef:
    found = _checked(value, path, ("process", "port"), ("index",))
    if found["process"] not in graph.nodes:
        _store((*path, "process"), lambda: graph.node(found["process"]))
    return PortRef(found["process"], found["port"], found.get("index"))


def _checked(
    value: Any, path: Path, required: tuple[str, ...], optional: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Return `value` if it is an object with text at the required keys but "tgt"; with `optional`, no further keys."""
    if not isinstance(value, dict):
        raise ShapeError(path, f"must be an object, not {kind(value)}")
    if optional is not None:
        for key in value:
            if key not in required + optional:
                _unknown((*path, key), key, required + optional)
    for key in required:
        if key not in value:
            raise ShapeError(path, f'"{key}" is missing')
        if key not in ("tgt", "nodes") and not isinstance(value[key], str):
            raise ShapeError((*path, key), f"must be a text, not {kind(value[key])}")
    return value


def _unknown(path: Path, key: str, allowed: tuple[str, ...]) -> NoReturn:
    if key == "node" and "process" in allowed:
        raise ShapeError(path, 'in a file this key is "process"')
    raise ShapeError(path, f"unknown key; allowed are {', '.join(allowed)}")


def _object(found: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ShapeError((*path, key), f"must be an object, not {kind(value)}")
    return value


def _free(found: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    """Return the object at `key`, whatever JSON it holds."""
    value = _object(found, key, path)
    if value:
        _store((*path, key), lambda: check_object(value, "it"))
    return value


def _rest(found: Mapping[str, Any], known: tuple[str, ...], path: Path) -> dict[str, Any]:
    rest = {key: part for key, part in found.items() if key not in known}
    if rest:
        _store(path, lambda: check_object(rest, "it"))
    return rest


def _list(found: Mapping[str, Any], key: str, path: Path) -> list[Any]:
    value = found.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ShapeError((*path, key), f"must be a list, not {kind(value)}")
    return value


def _only(document: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: document[key] for key in keys if key in document}


def _store(path: Path, action: Callable[[], object]) -> None:
    try:
        action()
    except ShapeError:
        raise
    except GraphError as wrong:
        raise ShapeError(path, wrong.message) from None


def _part(part: Node | Edge | Initial | Group | Export, **named: Any) -> dict[str, Any]:
    """Return the form with sorted keys; values of `named` are sorted already."""
    extra = part.extra if isinstance(part, (Node, Export)) else {}
    metadata = {"metadata": _sorted(part.metadata)} if part.metadata else {}
    return dict(sorted({**_sorted(extra), **named, **metadata}.items()))


def _ref_json(ref: PortRef) -> dict[str, Any]:
    index = {} if ref.index is None else {"index": ref.index}
    return {**index, "port": ref.port, "process": ref.node}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, (list, tuple)) else value


def _escape(text: str) -> str:
    # Halves of surrogate pairs do not fit into UTF-8; some readers take U+2028 for the end of a line.
    return _LONE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
