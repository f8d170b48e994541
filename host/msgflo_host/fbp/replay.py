"""A trace as a read-only runtime: editors open its graph, and see its packets again when they start it.

It speaks the FBP network protocol (https://flowbased.github.io/fbp-protocol/), as npm's `flowtrace-replay` does, but keeps
the distances in time.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import RequestError, TraceError
from ..graph.json_format import compact
from ..traces.flowtrace import Trace, time_text
from ..traces.trace_definitions import definitions, graphs
from ..traces.trace_payloads import COMMANDS, sent
from .envelope import message
from .request_payload import selected, selection

__all__ = ["CAPABILITIES", "Frame", "Message", "Replay", "frames"]

Message = dict[str, Any]

# Older clients need the deprecated one among them, newer ones the finer ones.
CAPABILITIES = (
    "protocol:component", "component:getsource", "protocol:network", "network:status", "network:control", "network:data",
)  # fmt: skip


class Frame(NamedTuple):
    """A message to send, `at` seconds after the first event."""

    at: float
    message: Message


class Replay:
    """The runtime without its sockets: `answer` returns answers, `broadcast` gets the messages to all other clients.

    `speed` is relative to the recording: 2 for twice as fast. `left_out` counts events that the protocol cannot express.
    Raises TraceError where the trace has no graph to show, or an event no time.
    """

    def __init__(self, trace: Trace, broadcast: Callable[[Message], None], *, speed: float = 1.0) -> None:
        self._trace = trace
        self._broadcast = broadcast
        self._speed = speed
        self._definitions = definitions(graphs(trace))
        self._frames, self.left_out = frames(trace)
        self._playing: asyncio.Task[None] | None = None
        self._started = False
        self._answers: dict[tuple[str, str], Callable[[Message], list[Message]]] = {
            ("runtime", "getruntime"): self._runtime,
            ("component", "list"): self._list,
            ("component", "getsource"): self._source,
            ("network", "getstatus"): self._getstatus,
            ("network", "start"): self._start,
            ("network", "stop"): self._stop,
            ("network", "edges"): _edges,
            ("network", "debug"): _debug,
        }

    def answer(self, protocol: str, command: str, payload: Message) -> list[Message]:
        """Return the answers to a request; raises RequestError for one that would change something."""
        answer = self._answers.get((protocol, command))
        if answer is None:
            raise RequestError(f"{protocol}:{command} is not permitted: this is a trace, which can only be read")
        if protocol == "network":
            self._check_graph(payload)
        return answer(payload)

    async def close(self) -> None:
        """End the replay."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)

    def _check_graph(self, payload: Message) -> None:
        if "graph" not in payload:
            raise RequestError("No graph specified")
        if not isinstance(payload["graph"], str) or payload["graph"] not in self._trace.graphs:
            raise RequestError("Requested graph not found")  # clients know this text

    # -- runtime and component --

    def _runtime(self, payload: Message) -> list[Message]:
        label = (self._trace.header.get("metadata") or {}).get("label")
        name = label if isinstance(label, str) else Path(self._trace.file or "a trace").name
        known = {"type": "flowtrace-replay", "version": "0.7", "label": f"replay of {name}", "graph": self._trace.main}
        capabilities = {"capabilities": list(CAPABILITIES), "allCapabilities": list(CAPABILITIES)}
        return [message("runtime", "runtime", {**known, **capabilities})]

    def _list(self, payload: Message) -> list[Message]:
        found = [message("component", "component", definition) for definition in self._definitions]
        return [*found, message("component", "componentsready", len(found))]

    def _source(self, payload: Message) -> list[Message]:
        name = payload.get("name")
        if not isinstance(name, str) or name not in self._trace.graphs:
            known = ", ".join(self._trace.graphs)
            raise RequestError(f"a trace has the source of its graphs only: {known}")
        code = compact(self._trace.graphs[name])
        return [message("component", "source", {"name": name, "language": "json", "code": code})]

    # -- network --

    def _getstatus(self, payload: Message) -> list[Message]:
        return [message("network", "status", {"graph": payload["graph"], **self._state()})]

    def _start(self, payload: Message) -> list[Message]:
        if not self._running:
            self._started = True
            self._playing = asyncio.create_task(self._play())
            self._broadcast(self._now("started"))
        return [self._now("started", payload["graph"])]

    def _stop(self, payload: Message) -> list[Message]:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
        if self._started:
            self._started = False
            self._broadcast(self._now("stopped"))
        return [self._now("stopped", payload["graph"])]

    @property
    def _running(self) -> bool:
        return self._playing is not None and not self._playing.done()

    def _state(self) -> Message:
        return {"started": self._started, "running": self._running}

    def _now(self, command: str, graph: str | None = None) -> Message:
        now = time.time()
        return message(
            "network", command, {"graph": graph or self._trace.main, "time": time_text(now), **self._state()}
        )

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for frame in self._frames:
            # With no time left it still gives others a turn.
            await asyncio.sleep(max(0.0, began + frame.at / self._speed - loop.time()))
            self._broadcast(frame.message)
        self._playing = None
        self._broadcast(self._now("stopped"))


def frames(trace: Trace) -> tuple[list[Frame], int]:
    """Return the messages for the events of a trace, and how many events the protocol cannot express.

    Starts and stops that were recorded are passed over: the replay has its own. Where the clock was set back, events
    follow each other at once. Raises TraceError where an event has no time.
    """
    found: list[Frame] = []
    left_out = 0
    at, before = 0.0, None
    for number, event in enumerate(trace.events):
        if event["protocol"] != "network" or event["command"] not in COMMANDS:
            left_out += 1
            continue
        now = _time(event.get("time"), number, trace.file)
        at += max(0.0, now - before) if before is not None else 0.0
        before = now
        if event["command"] in ("started", "stopped"):
            continue
        payload = sent(event["command"], event.get("payload") or {}, event.get("graph") or trace.main)
        if payload is None:
            left_out += 1
        else:
            found.append(Frame(at, message("network", event["command"], payload)))
    return found, left_out


def _time(value: Any, number: int, file: str | None) -> float:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        shown = json.dumps(value)[:60]
        problem = f"events[{number}].time: is {shown}, where a time is needed, as in 2026-01-31T12:00:00.000Z"
        raise TraceError(problem, file=file) from None
    return time.timestamp()


def _edges(payload: Message) -> list[Message]:
    """Answer a selection of edges; all packets are sent nevertheless, and editors show those of the selected ones."""
    return [message("network", "edges", {"graph": payload["graph"], "edges": selection(selected(payload))})]


def _debug(payload: Message) -> list[Message]:
    if not isinstance(payload.get("enable"), bool):
        raise RequestError('network:debug needs "enable", true or false')
    return [message("network", "debug", {"enable": payload["enable"], "graph": payload["graph"]})]
