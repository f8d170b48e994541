"""Checks the remote controls that a 433 MHz receiver is to know."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..util.yaml_reader import Located
from ._check import Section
from .kinds import Field, Remotes

__all__ = ["remotes"]

_EXAMPLE = "{doorbell: {protocol: ev1527, code: 123456}}"


def remotes(section: Section, kind: Remotes, claim: Callable[[str, str, Any], object]) -> dict[str, dict[str, Any]]:
    """Return what each remote is known by; `claim(role, who, place)` is told of each role."""
    if not section.has(kind.key):
        return {}
    found: dict[str, dict[str, Any]] = {}
    listed = section.section(kind.key, _EXAMPLE)
    if listed is None:
        return {}
    if not section.has("receive"):
        section.findings.report(
            section.at.keys[kind.key], f"{listed.path} are of no use without a receiver; as in  receive: 16"
        )
    for role in listed.at.value:
        claim(role, listed.where(role), listed.at.keys[role])
        remote = listed.section(role, "{protocol: ev1527, code: 123456}", "{protocol: ev1527, code: 123456}")
        if remote is not None:
            found[role] = _remote(remote, kind)
    _different(listed, found)
    return found


def _remote(section: Section, kind: Remotes) -> dict[str, Any]:
    protocol = section.choice("protocol", kind.protocols, "protocol: ev1527")
    if protocol is None:
        return {}
    fields = kind.protocols[protocol]
    section.known(["protocol", *(field.key for field in fields)])
    found = {field.key: _value(section, field) for field in fields if field.required or section.has(field.key)}
    return {"protocol": protocol, **{key: value for key, value in found.items() if value is not None}}


def _value(section: Section, field: Field) -> Any:
    needed = f"{field.key}: {'9f3' if field.type == 'hex' else 123456}"
    if field.type == "whole":
        return section.number(field.key, field.low, field.high, whole=True, needed=needed)
    if field.type == "boolean":
        return section.boolean(field.key, False)
    place: Located | None = section.given(field.key, needed)
    if place is None:
        return None
    # The text that `unknown` shows: without zeros in front.
    if isinstance(place.value, str) and re.fullmatch("0|[1-9a-f][0-9a-f]{0,49}", place.value):
        return place.value
    section.wrong(
        field.key, "the text that the port unknown shows is needed, in quotes: hexadecimal digits, small letters"
    )
    return None


def _different(listed: Section, found: dict[str, dict[str, Any]]) -> None:
    """Report two that are known by the same."""
    seen: list[tuple[dict[str, Any], str]] = []
    for role, remote in found.items():
        known_by = {key: value for key, value in remote.items() if key != "base"}
        other = next((other for same, other in seen if same == known_by and len(known_by) > 1), None)
        if other is not None:
            listed.report(role, f"{listed.where(role)} is known by the same as {listed.where(other)}")
        seen.append((known_by, role))
