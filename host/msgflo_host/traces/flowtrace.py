"""Flowtrace files: the events of a graph, with the graph. npm's `flowtrace` reads and writes the same.

The format: https://github.com/flowbased/flowtrace. Its readers look for the main graph in different places, so it is
named twice, and comes first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import GraphError, TraceError
from ..graph import graph_files
from ..graph.elements import check_json, kind
from ..graph.json_format import ShapeError, located, parse_json
from .trace_payloads import PACKETS, received

__all__ = ["DEFAULT_GRAPH", "Trace", "build_text", "event", "load", "parse", "time_text", "write"]

DEFAULT_GRAPH = "default/main"


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace that was read and found sound; `header` and `events` are as they stand in the file, oldest event first."""

    header: dict[str, Any]
    events: list[dict[str, Any]]
    file: str | None = None

    @property
    def graphs(self) -> dict[str, dict[str, Any]]:
        """The graphs by their ids, each in its JSON form."""
        return self.header.get("graphs") or {}

    @property
    def main(self) -> str:
        """The id of the graph that an editor opens."""
        named = self.header.get("main") or (self.header.get("metadata") or {}).get("main")
        return named or next(iter(self.graphs), DEFAULT_GRAPH)


def event(graph: str, command: str, payload: Mapping[str, Any], time: float) -> dict[str, Any]:
    """Return an event for a message of the protocol's `network`; `time` in seconds since 1970."""
    return {
        "protocol": "network", "command": command, "payload": received(command, payload), "graph": graph,
        "time": time_text(time),
    }  # fmt: skip


def time_text(time: float) -> str:
    """Return a time in seconds since 1970 as in a file: ISO 8601, UTC, to a millisecond."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_text(metadata: Mapping[str, Any], graphs: Mapping[str, Mapping[str, Any]], events: str, *, main: str) -> str:
    """Return the content of a file as JSON.

    `metadata` is about the runtime and the time: label, runtime (its id), type, address, namespace, repository,
    repositoryVersion, start, end (`time_text`), each if known. `graphs` are JSON graphs by id, `main` among them; `events`
    are JSON already, as `Ring.text` returns them.
    """
    ordered = {id: dict(graphs[id]) for id in sorted(graphs, key=lambda id: id != main)}
    header = {"metadata": {**metadata, "main": main}, "graphs": ordered, "main": main}
    return f'{{"header": {json.dumps(header)}, "events": {events}}}'


def write(path: str | os.PathLike[str], content: Mapping[str, Any]) -> None:
    """Write a trace's header and events, a line an event, whole or not at all; TraceError if that fails."""
    file = os.fspath(path)
    # Not one character beyond ASCII: halves of surrogate pairs have no other form.
    events = ",\n".join(json.dumps(each) for each in content["events"])
    text = f'{{"header": {json.dumps(content["header"])},\n"events": [\n{events}\n]}}\n'
    try:
        graph_files.replace(os.path.realpath(file), text.encode())
    except (OSError, ValueError) as wrong:
        raise TraceError(f"cannot be written: {graph_files.reason(wrong)}", file=file) from None


def load(path: str | os.PathLike[str]) -> Trace:
    """Return the trace in a file; TraceError with file, line and column if it is none."""
    file = os.fspath(path)
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(graph_files.MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise TraceError(f"is not UTF-8 at byte {wrong.start}", file=file) from None
    except (OSError, ValueError) as wrong:
        raise TraceError(f"cannot be read: {graph_files.reason(wrong)}", file=file) from None
    if len(content) > graph_files.MAX_BYTES:
        raise TraceError(f"is larger than {graph_files.MAX_BYTES // 1024 // 1024} MiB", file=file)
    return parse(text, file)


def parse(text: str, file: str | None = None) -> Trace:
    """Return the trace that a JSON text describes; TraceError with line and column if it does not.

    Graphs are checked no further than needed to show the events.
    """
    try:
        document = parse_json(text, file)
        try:
            return _checked(document, file)
        except ShapeError as wrong:
            raise located(wrong, text, file) from None
    except GraphError as wrong:
        raise TraceError(wrong.message, file=wrong.file, line=wrong.line, column=wrong.column) from None


def _checked(document: Any, file: str | None) -> Trace:
    if not isinstance(document, dict):
        raise ShapeError((), f"a trace must be an object, not {kind(document)}")
    if "events" not in document:
        raise ShapeError((), '"events" is missing; a trace has "header" and "events"')
    header, events = document.get("header") or {}, document["events"]
    if not _is_header(header):
        raise ShapeError(
            ("header",), 'must be an object; "metadata" and each of "graphs" are objects, "main" is a text'
        )
    if not isinstance(events, list):
        raise ShapeError(("events",), f"must be a list, not {kind(events)}")
    for number, event in enumerate(events):
        if not _is_event(event):
            what = 'must have "protocol" and "command", and a packet a "payload" whose ends are {node, port}'
            raise ShapeError(("events", number), what)
        try:
            check_json(event.get("payload"), "it")
        except GraphError as wrong:
            raise ShapeError(("events", number, "payload"), wrong.message) from None
    return Trace(header, events, file)


def _is_header(header: Any) -> bool:
    if not isinstance(header, dict):
        return False
    metadata, graphs = (header.get(key) or {} for key in ("metadata", "graphs"))
    if not isinstance(metadata, dict) or not isinstance(graphs, dict):
        return False
    mains = header.get("main"), metadata.get("main")
    return all(isinstance(graph, dict) for graph in graphs.values()) and all(isinstance(m, str | None) for m in mains)


def _is_event(event: Any) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("graph"), str | None):
        return False
    if not isinstance(event.get("protocol"), str) or not isinstance(event.get("command"), str):
        return False
    payload = event.get("payload")
    if event["protocol"] != "network":
        return True
    if event["command"] not in PACKETS:
        return isinstance(payload, dict | None)
    return (
        isinstance(payload, dict) and all(_is_end(payload.get(end)) for end in ("src", "tgt")) and _is_within(payload)
    )


def _is_end(port: Any) -> bool:
    if not isinstance(port, dict):
        return port is None
    texts = isinstance(port.get("node"), str) and isinstance(port.get("port"), str)
    return texts and isinstance(port.get("index"), int | str | None)


def _is_within(payload: dict[str, Any]) -> bool:
    """Whether the nodes of subgraphs that a packet is in, if any, are texts."""
    subgraph = payload.get("subgraph")
    return subgraph is None or (isinstance(subgraph, list) and all(isinstance(node, str) for node in subgraph))
