"""Paths to values in a packet: `temperature`, `sensors[0].value` or `sensors.0.value`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgflo import Error
from msgflo.values import shown

__all__ = ["MISSING", "find", "parse"]

MISSING = object()
"""The result of `find` where there is no value."""

_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[[0-9]+\])*\Z")
_MAX_INDEX = 9  # digits


def parse(text: str) -> tuple[str, ...]:
    """Return the steps of a path, none for an empty one; raise Error if it is none."""
    if not text:
        return ()
    if not _PATH.match(text):
        raise Error(f'{shown(text)} is no path; allowed: keys and numbers, such as "sensors[0].value"')
    return tuple(text.replace("[", ".").replace("]", "").split("."))


def find(value: Any, path: Sequence[str]) -> Any:
    """Return what is at a path, or MISSING; a step is the key of an object or the place in a list, counted from 0."""
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and len(step) <= _MAX_INDEX and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value
