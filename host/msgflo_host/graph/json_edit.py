"""Writes a changed graph as the JSON text that held it before: the order stays, and how it is indented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .json_format import FOREIGN_TOP, compact, expanded, load, parse_json
from .model import Graph
from .part_changes import PartChanges

__all__ = ["edit", "rewritten", "updated"]

_ENTRY = re.compile(r"[\[{][^\n\[\]{}]*:[^\n]*[\]}]")
"""A node or a connection on one line."""
_LISTS = ("connections", "groups")
_SECTIONS = ("properties", "processes", *_LISTS, "inports", "outports")


def edit(text: str, graph: Graph) -> str | None:
    """Return the text of a JSON graph, changed so that it holds `graph`; None where that fails.

    edit('{"processes": {}}', graph)
    """
    document, old = parse_json(text, None), load(text)
    new = updated(document, PartChanges(old, graph), whole=True)
    if old.case_sensitive != graph.case_sensitive:
        new["caseSensitive"] = graph.case_sensitive
    edited = rewritten(text, document, new)
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


def updated(document: Mapping[str, Any], changes: PartChanges, *, whole: bool) -> dict[str, Any]:
    """Return a document with its parts as they are now.

    One that is not the `whole` graph gets no new parts, and loses the sections that are empty.
    """
    found = {key: value for key, value in document.items() if key not in FOREIGN_TOP}
    found |= _section("extra", {key: document[key] for key in FOREIGN_TOP if key in document}, changes, whole)
    for section in _SECTIONS:
        before = document.get(section)
        now: Any = _section(section, before or {}, changes, whole)
        if section in _LISTS:
            now = list(now.values())
        if now or (whole and before):
            found[section] = now
        elif not whole:
            found.pop(section, None)
    return found


def _section(section: str, values: Any, changes: PartChanges, whole: bool) -> dict[Any, Any]:
    """Return the entries of a section as they are now, by name; those of a list by their keys."""
    found: dict[Any, Any] = {}
    for name, value in enumerate(values) if isinstance(values, list) else values.items():
        key = changes.entry_key(section, name, value)
        state = changes.state(key)
        if state == "same":
            found[name] = value
        elif state == "changed":
            name_now, now = changes.entry(key)
            if section == "connections" and "id" in value:
                now = {**now, "id": value["id"]}
            found[name if section in _LISTS else name_now] = now
    if whole:
        for key in changes.unwritten(section):
            name, now = changes.entry(key)
            found[key if section in _LISTS else name] = now
    return found


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
        if section and isinstance(section, dict):
            text = _lines([f"{compact(name)}: {compact(entry)}" for name, entry in section.items()], "{}", unit, 1)
        elif section and isinstance(section, list):
            text = _lines([compact(entry) for entry in section], "[]", unit, 1)
        sections.append(f"{compact(key)}: {text}")
    return _lines(sections, "{}", unit, 0)


def _lines(entries: list[str], brackets: str, unit: str, depth: int) -> str:
    inner = f",\n{unit * (depth + 1)}".join(entries)
    return f"{brackets[0]}\n{unit * (depth + 1)}{inner}\n{unit * depth}{brackets[1]}"
