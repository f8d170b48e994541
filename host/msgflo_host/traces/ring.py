"""The newest events of a graph, kept while somebody records them: bounded in number and in bytes."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph.elements import kind
from . import flowtrace
from ._payloads import COMMANDS

__all__ = ["DEFAULT_EVENTS", "MAX_BYTES", "MAX_EVENTS", "Ring"]

DEFAULT_EVENTS = 400
MAX_EVENTS = 10_000
MAX_BYTES = 4 * 1024 * 1024
"""Of all payloads as JSON. A whole trace goes out in one message, a text in which each quotation mark is escaped again."""


class _Kept(NamedTuple):
    command: str
    time: float
    payload: str  # as JSON: a copy, and its size is known


class Ring:
    """Records what happens in the graph with this id, from `start` to `stop`; what was recorded stays until the next start.

    Times are seconds since 1970. `started` and `stopped` are when the recording was, None if that has not been.
    """

    def __init__(self, graph: str, *, max_bytes: int = MAX_BYTES) -> None:
        self.graph = graph
        self.started: float | None = None
        self.stopped: float | None = None
        self._max_bytes = max_bytes
        self._events: deque[_Kept] = deque(maxlen=DEFAULT_EVENTS)
        self._bytes = 0

    @property
    def recording(self) -> bool:
        """Whether events are taken now."""
        return self.started is not None and self.stopped is None

    def start(self, now: float, buffersize: int = DEFAULT_EVENTS) -> None:
        """Begin with no event; keep the newest `buffersize`, at least 1 and at most MAX_EVENTS."""
        self._events = deque(maxlen=min(max(buffersize, 1), MAX_EVENTS))
        self._bytes = 0
        self.started, self.stopped = now, None

    def stop(self, now: float) -> None:
        """Take no more events; does nothing where none are taken."""
        if self.recording:
            self.stopped = now

    def clear(self) -> None:
        """Forget the events; whether more are taken does not change."""
        self._events.clear()
        self._bytes = 0

    def add(self, command: str, payload: Mapping[str, Any], time: float) -> None:
        """Keep a message of the protocol's `network` while recording; commands that a trace does not have are passed over.

        Data that JSON cannot express, or that has no room, is replaced by a text that tells its type.
        """
        if not self.recording or command not in COMMANDS:
            return
        kept = _Kept(command, time, self._encoded(payload))
        if len(self._events) == self._events.maxlen:
            self._drop_oldest()
        self._events.append(kept)
        self._bytes += len(kept.payload)
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def events(self) -> list[dict[str, Any]]:
        """Return the events as they stand in a file, oldest first."""
        return [flowtrace.event(self.graph, kept.command, json.loads(kept.payload), kept.time) for kept in self._events]

    def _drop_oldest(self) -> None:
        self._bytes -= len(self._events.popleft().payload)

    def _encoded(self, payload: Mapping[str, Any]) -> str:
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            text = json.dumps(dict(payload), allow_nan=False)
            if len(text) <= self._max_bytes:
                return text
        return json.dumps({**payload, "data": f"DATA {_type(payload.get('data'))}"})


def _type(data: Any) -> str:
    return kind(data).removeprefix("a ").removeprefix("an ")
