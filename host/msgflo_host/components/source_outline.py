"""What a Python source seems to say of its component, read without running it: known at once, and where it cannot run.

Understood is a class that declares itself as in docs/participants.md, with literals.
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
"""Bytes of a source that is looked into; parsing that many takes up to 50 ms."""

_TEXTS = ("label", "icon")
_PORTS = ("inports", "outports")


def outline(name: str, file: Path, class_name: str | None = None) -> ComponentInfo | None:
    """Return what the source of a component says of it; None where that is not plain to see."""
    text = beginning(file)
    if len(text) > MAX_READ:
        return None
    try:
        body = parse(text).body
        classes = [node for node in body if isinstance(node, ast.ClassDef) and _is_participant(node)]
        (found,) = (each for each in classes if class_name is None or each.name == class_name)
        said = _declarations(found)
        if not said.keys() & {*_PORTS}:
            return None
        texts = {key: ast.literal_eval(said[key]) if key in said else None for key in _TEXTS}
        ports = {key: _ports(said[key]) if key in said else () for key in _PORTS}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, Error):
        return None
    label, icon = (value if isinstance(value, str) else None for value in texts.values())
    return ComponentInfo(name, label or "", icon, ports["inports"], ports["outports"])


def _is_participant(node: ast.ClassDef) -> bool:
    return any(_last_name(base) in ("Participant", "Remembering", "Component") for base in node.bases)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _declarations(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The class variables with what they are set to."""
    return {
        target.id: each.value
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _ports(value: ast.expr) -> tuple[Port, ...]:
    """The ports of a list of `Port(…)`; ValueError where it is none."""
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
