"""Ports as people name them on the command line: NODE.PORT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import click

from ..errors import MsgfloError
from ._options import status_of

__all__ = ["FoundPort", "find_port"]


@dataclass(frozen=True)
class FoundPort:
    """A port's topic, and for an inport the topics that reach it directly, without passing through its own."""

    topic: str
    direct_sources: tuple[str, ...]


def find_port(name: str, coordinator: str, directions: Sequence[str], *, is_known: bool = False) -> FoundPort | None:
    """Find NODE.PORT among the coordinator's nodes; None where `name` means a topic.

    `directions` says where to look and in which order: inports, outports. Raises MsgfloError where the node is known and has
    no such port; with `is_known`, also where no node is known that a name without a slash may mean, which without it is said
    on stderr, as is a coordinator that does not answer.
    """
    node, dot, port = name.rpartition(".")
    if not dot or "#" in name or "+" in name:
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
    ports = [port for direction in directions for port in entry[direction]]
    topic = next((found["topic"] for found in ports if found["id"] == port and found["topic"]), None)
    if topic is None:
        known = ", ".join(found["id"] for found in ports) or "none"
        what = " or ".join(direction.removesuffix("s") for direction in directions)
        raise MsgfloError(f"node {node} has no {what} {port!r} with a topic; there are: {known}")
    direct = (edge for edge in status["edges"] if edge["tgt"] == name and edge["kind"] == "direct")
    return FoundPort(topic, tuple(source for edge in direct for source, _ in edge["topics"]))


def _unknown(node: str, known: Iterable[str]) -> str:
    near = get_close_matches(node[:100], known, 3)
    question = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"no node {node!r} is known{question}"
