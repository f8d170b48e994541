"""Ports as people name them on the command line: NODE.PORT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from ..errors import MsgfloError
from ._options import status_of

__all__ = ["FoundPort", "find_port"]


@dataclass(frozen=True)
class FoundPort:
    """A port's topic, and for an inport the topics that reach it directly, without passing through its own."""

    topic: str
    direct_sources: tuple[str, ...]


def find_port(name: str, coordinator: str, directions: Sequence[str]) -> FoundPort | None:
    """Find NODE.PORT among the coordinator's nodes; None where `name` means a topic.

    `directions` says where to look and in which order: inports, outports. Raises MsgfloError where the node is known and has
    no such port. A coordinator that does not answer is mentioned on stderr.
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
        return None
    ports = [port for direction in directions for port in entry[direction]]
    topic = next((found["topic"] for found in ports if found["id"] == port and found["topic"]), None)
    if topic is None:
        known = ", ".join(found["id"] for found in ports) or "none"
        what = " or ".join(direction.removesuffix("s") for direction in directions)
        raise MsgfloError(f"node {node} has no {what} {port!r} with a topic; there are: {known}")
    direct = (edge for edge in status["edges"] if edge["tgt"] == name and edge["kind"] == "direct")
    return FoundPort(topic, tuple(source for edge in direct for source, _ in edge["topics"]))
