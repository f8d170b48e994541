"""Components that run without a broker, in the simulated event loop, and the links between them."""

from __future__ import annotations

import asyncio
import functools
import json
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from event_loop import run_simulated
from msgflo.component import Component
from msgflo.packets import encode
from msgflo.persistent import memory_topic
from msgflo_host.builtin import collection

__all__ = ["End", "Nodes", "links_of", "simulated"]

End = tuple[str, str]
"""A role, and a port."""

_LITTLE_S = 1e-8  # after this, what is due at the same time is done


def simulated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in the simulated event loop."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        run_simulated(lambda: test(*arguments, **named))

    return run


class Nodes:
    """Components by role; make it in a running loop. Packets are delivered in the order in which they were sent."""

    def __init__(self, nodes: Mapping[str, str] = {}) -> None:
        self.links: Mapping[End, Sequence[End]] = {}
        self.by_role: dict[str, Component] = {}
        self.sent: list[tuple[float, str, str, Any]] = []
        """When, from which role and outport, and what."""
        self.errors: list[tuple[str, str]] = []
        self.lines: list[tuple[str, str]] = []
        self.saved: dict[str, bytes] = {}
        """What the broker would retain of the memory of a role."""
        self.mistakes: list[str] = []
        """What a session would log; exceptions that nobody thought of are here."""
        self.on_sent: Callable[[str, str, Any], None] = lambda role, port, data: None
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._ends: dict[str, End] = {}  # by topic of an outport
        self._waiting: deque[tuple[End, bytes]] = deque()
        # What a runner needs of a session:
        self.running = True
        self.backlog = 1000
        self.log = self.mistakes.append
        for role, name in nodes.items():
            self.add(role, name)

    @property
    def time(self) -> float:
        """Seconds since the beginning."""
        return round(self._loop.time() - self._start, 6)

    def add(self, role: str, name: str, memory: Any = None) -> Component:
        """Start a component, with what it was saved to remember."""
        node = self.by_role[role] = collection.components()[name](role)
        node.error = lambda text: self.errors.append((role, text))
        node.show = lambda text: self.lines.append((role, text))
        for port, out in node._runner.outs.items():
            self._ends[out[0]] = (role, port)
        node._runner.join(self)
        node._runner.begin(False)
        node._runner.meet()
        node._runner.recall(memory)
        return node

    def post(self, out: tuple[str, int, bool, bool, bool], payload: bytes) -> None:
        """Take a packet that leaves a component."""
        topic, retain = out[0], out[2]
        if topic in self._ends:
            role, port = self._ends[topic]
            data = json.loads(payload)
            self.sent.append((self.time, role, port, data))
            self.on_sent(role, port, data)
            for target in self.links.get((role, port), ()):
                self._deliver(target, payload)
        elif retain:
            (role,) = [role for role in self.by_role if memory_topic(role) == topic]
            self.saved[role] = payload

    def deliver(self, role: str, port: str, data: Any) -> None:
        """Give a packet to an inport, soon; bytes are its payload, anything else becomes JSON."""
        self._deliver((role, port), data if isinstance(data, bytes) else encode(data))

    async def settle(self) -> None:
        """Let all packets arrive that are on their way."""
        while self._waiting:
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds + _LITTLE_S)
        await self.settle()

    def _deliver(self, target: End, payload: bytes) -> None:
        self._waiting.append((target, payload))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        (role, port), payload = self._waiting[0]
        self.by_role[role]._runner.receive(port, f"{role}/{port}", payload, False)
        self._waiting.popleft()
        if self._waiting:
            self._loop.call_soon(self._take)


def links_of(graph: Any) -> dict[End, list[End]]:
    """Return the edges of a graph as links."""
    links: dict[End, list[End]] = {}
    for edge in graph.edges:
        links.setdefault((edge.src.node, edge.src.port.lower()), []).append((edge.tgt.node, edge.tgt.port.lower()))
    return links
