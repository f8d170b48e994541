"""Reads the ports of a component from its Python source, without running it: at once, and where it cannot run.

It reads a class with literal declarations, as in docs/participants.md.
"""

from __future__ import annotations

import ast
from pathlib import Path

import msgflo
from msgflo.errors import Error

from ..util.python_source import parse
from ..wire.discovery import Port
from .component_folder import beginning
from .component_info import ComponentInfo

__all__ = ["MAX_READ", "outline"]

MAX_READ = 64 * 1024
"""Bytes of the largest source that is parsed; that takes up to 50 ms."""

_TEXTS = ("label", "icon")
_PORTS = ("inports", "outports")


def outline(name: str, file: Path, class_name: str | None = None) -> ComponentInfo | None:
    """Return the declarations of a component in its source; None where they are not literals."""
    text = beginning(file)
    if len(text) > MAX_READ:
        return None
    try:
        body = parse(text).body
        classes = [node for node in body if isinstance(node, ast.ClassDef) and _is_participant(node)]
        (found,) = (each for each in classes if class_name is None or each.name == class_name)
        declared = _declarations(found)
        if not declared.keys() & {*_PORTS}:
            return None
        texts = {key: ast.literal_eval(declared[key]) if key in declared else None for key in _TEXTS}
        ports = {key: _ports(declared[key]) if key in declared else () for key in _PORTS}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, Error):
        return None
    label, icon = (value if isinstance(value, str) else None for value in texts.values())
    return ComponentInfo(name, label or "", icon, ports["inports"], ports["outports"])


def _is_participant(node: ast.ClassDef) -> bool:
    return any(_last_name(base) in ("Participant", "Remembering", "Component") for base in node.bases)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _declarations(node: ast.ClassDef) -> dict[str, ast.expr]:
    """Return the class variables with their values."""
    return {
        target.id: each.value
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _ports(value: ast.expr) -> tuple[Port, ...]:
    """Return the ports of a list of `Port(…)`; raises ValueError where it is none."""
    if not isinstance(value, ast.List | ast.Tuple):
        raise ValueError
    return tuple(map(_port, value.elts))


def _port(value: ast.expr) -> Port:
    if not isinstance(value, ast.Call) or _last_name(value.func) != "Port":
        raise ValueError
    given = {option.arg: ast.literal_eval(option.value) for option in value.keywords if option.arg is not None}
    if len(given) < len(value.keywords):
        raise ValueError
    port = msgflo.Port(*map(ast.literal_eval, value.args), **given)
    about = port.description or None
    return Port(port.id, type=port.type, description=about, schema=port.schema, qos=port.qos, retain=bool(port.retain))
