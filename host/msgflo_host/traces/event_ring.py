"""A ring of the newest events of a graph while somebody records them: bounded in number and in bytes."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from ..graph.elements import kind
from . import flowtrace
from .trace_payloads import COMMANDS

__all__ = ["DEFAULT_EVENTS", "MAX_BYTES", "MAX_EVENTS", "Ring"]

DEFAULT_EVENTS = 400
MAX_EVENTS = 10_000
MAX_BYTES = 4 * 1024 * 1024
"""Of all events as JSON. A whole trace goes out in one message, a text in which each quotation mark is escaped again."""


class Ring:
    """Records the events of the graph with this id, from `start` to `stop`; they stay until the next recording.

    Times are seconds since 1970. `started` and `stopped` are when the recording was, None if that has not been.
    """

    def __init__(self, graph: str, *, max_bytes: int = MAX_BYTES) -> None:
        self.graph = graph
        self.started: float | None = None
        self.stopped: float | None = None
        self._max_bytes = max_bytes
        self._events: deque[str] = deque(maxlen=DEFAULT_EVENTS)  # as JSON: copies, of known size, soon joined
        self._bytes = 0

    @property
    def recording(self) -> bool:
        """Return whether events are recorded now."""
        return self.started is not None and self.stopped is None

    @property
    def size(self) -> int:
        """Return how many events it holds at most."""
        return self._events.maxlen or 0

    def start(self, now: float, buffersize: int = DEFAULT_EVENTS) -> None:
        """Begin with no event; hold the newest `buffersize`, at least 1 and at most MAX_EVENTS.

        While it is recording, for somebody else then, go on with all events, and use the larger number of both.
        """
        size = min(max(buffersize, 1), MAX_EVENTS)
        if self.recording:
            self._events = deque(self._events, max(size, self.size))
            return
        self._events = deque(maxlen=size)
        self._bytes = 0
        self.started, self.stopped = now, None

    def stop(self, now: float) -> None:
        """Record no more events."""
        if self.recording:
            self.stopped = now

    def clear(self) -> None:
        """Remove the events; a recording goes on."""
        self._events.clear()
        self._bytes = 0

    def add(self, command: str, payload: Mapping[str, Any], time: float) -> None:
        """Record a message of the protocol's `network`; commands that a trace does not have are ignored.

        Data that JSON cannot express, or that is too large, is replaced by a text with its type.
        """
        if not self.recording or command not in COMMANDS:
            return
        event = self._encoded(command, payload, time)
        if len(self._events) == self._events.maxlen:
            self._drop_oldest()
        self._events.append(event)
        self._bytes += len(event)
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def text(self) -> str:
        """Return the events as they stand in a file, oldest first, as JSON."""
        return f"[{','.join(self._events)}]"

    def _drop_oldest(self) -> None:
        self._bytes -= len(self._events.popleft())

    def _encoded(self, command: str, payload: Mapping[str, Any], time: float) -> str:
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            text = json.dumps(flowtrace.event(self.graph, command, payload, time), allow_nan=False)
            if len(text) <= self._max_bytes:
                return text
        named = {**payload, "data": f"DATA {_type(payload.get('data'))}"}
        return json.dumps(flowtrace.event(self.graph, command, named, time))


def _type(data: Any) -> str:
    return kind(data).removeprefix("a ").removeprefix("an ")
