"""Ports on the command line: NODE.PORT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from ..errors import MsgfloError
from ._options import status_of

__all__ = ["FoundPort", "find_port"]


@dataclass(frozen=True)
class FoundPort:
    """The topic of a port; for an inport also the source topics of its direct bindings."""

    topic: str
    direct_sources: tuple[str, ...]


def find_port(name: str, coordinator: str, directions: Sequence[str], *, is_known: bool = False) -> FoundPort | None:
    """Find NODE.PORT among the coordinator's nodes; None where `name` means a topic.

    `directions` are searched in this order: inports, outports. Raises MsgfloError where a known node has no such port.
    With `is_known`, it also raises for an unknown node, unless the name has a slash, and for the name of a whole node.
    Without it, stderr gets a line about that. It also gets one where no coordinator answers.
    """
    node, dot, port = name.rpartition(".")
    if "#" in name or "+" in name:
        return None
    if not dot:
        if "/" not in name:
            _check_whole_node(name, coordinator, directions, is_known=is_known)
        return None
    try:
        status = status_of(coordinator)
    except MsgfloError as error:
        click.echo(f"{name} is taken as a topic, not as NODE.PORT: {error}", err=True)
        return None
    entry = next((entry for entry in status["nodes"] if entry["id"] == node), None)
    if entry is None:
        if "/" not in name:
            unknown = _unknown(node, (entry["id"] for entry in status["nodes"]))
            if is_known:
                raise MsgfloError(f"{unknown} (a topic of that name: --topic)")
            click.echo(f"{name} is taken as a topic: {unknown}", err=True)
        return None
    if not entry["instances"]:
        raise MsgfloError(f"node {node} is absent: nobody has announced it, so no topic of {port!r} is known")
    ports = [port for direction in directions for port in entry[direction]]
    topic = next((found["topic"] for found in ports if found["id"] == port and found["topic"]), None)
    if topic is None:
        what = " or ".join(direction.removesuffix("s") for direction in directions)
        raise MsgfloError(f"node {node} has no {what} {port!r} with a topic; there are: {_listed(entry, directions)}")
    direct = (edge for edge in status["edges"] if edge["tgt"] == name and edge["kind"] == "direct")
    return FoundPort(topic, tuple(source for edge in direct for source, _ in edge["topics"]))


def _check_whole_node(name: str, coordinator: str, directions: Sequence[str], *, is_known: bool) -> None:
    """Print or raise that a topic has the name of a node, if a coordinator answers."""
    try:
        nodes = status_of(coordinator)["nodes"]
    except MsgfloError:
        return
    entry = next((entry for entry in nodes if entry["id"] == name), None)
    if entry is None:
        return
    text = f"{name} is a node; its ports are named as NODE.PORT: {_listed(entry, directions)}"
    if is_known:
        raise MsgfloError(f"{text} (a topic of that name: --topic)")
    click.echo(f"{name} is taken as a topic; {text}", err=True)


def _listed(entry: Mapping[str, Any], directions: Sequence[str]) -> str:
    return ", ".join(port["id"] for direction in directions for port in entry[direction]) or "none"


def _unknown(node: str, known: Iterable[str]) -> str:
    near = get_close_matches(node[:100], known, 3)
    question = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"no node {node!r} is known{question}"
