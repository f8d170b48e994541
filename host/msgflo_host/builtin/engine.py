"""Runs built-in components in the coordinator's process; packets between them stay in memory.

Packets are delivered in the order in which they were sent, over all links. However many there are, the event loop gets
its turn: a loop of nodes, each of which wakes the next, takes time but blocks nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgflo import topics

from .. import discovery
from . import library
from .component import Component, Port, Timer
from .node import Node
from .values import size

__all__ = ["MAX_PER_TURN", "MAX_WAITING", "MAX_WAITING_BYTES", "Engine", "Loop"]

MAX_PER_TURN = 1_000
"""Packets that are delivered before everything else in the event loop gets its turn."""

MAX_TURN_S = 0.01
"""Seconds after which it gets its turn before that."""

MAX_WAITING = 100_000
"""Packets that may wait; those beyond are dropped, and reported once a second."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Of those packets that wait behind the first of them, which are not measured: that would take longer than to deliver them."""

_NOT_MEASURED = 1_000

_REPORT_S = 1.0


class Loop(Protocol):
    """What the engine needs of an event loop: asyncio's, or one whose clock a test turns."""

    def time(self) -> float:
        """Return the time in seconds."""

    def call_soon(self, callback: Callable[[], None]) -> Any:
        """Call something in the next turn."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call something in so many seconds."""


class Engine:
    """The nodes that are built-in components, and the links between them. One thread only.

    Without `loop`, it must be used while asyncio's runs. Who wants to hear of packets, errors and lines of the log adds
    a function to one of the lists.
    """

    def __init__(self, *, library: Mapping[str, type[Component]] | None = None, loop: Loop | None = None) -> None:
        self._library = _shipped() if library is None else library
        self._loop = loop
        self._nodes: dict[str, Node] = {}
        self._links: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {}
        self._waiting: deque[tuple[Node, str, Any, int]] = deque()  # with its bytes, as far as they are counted
        self._bytes = 0
        self._running = False
        self._dropped: Counter[str] = Counter()
        self.is_secure: Callable[[str], bool] = lambda role: False
        """Whether the errors and lines of a role are not to tell what came to it."""
        self.on_packet: list[Callable[[str, str, Any], None]] = []
        """Called with role, outport and data of every packet that leaves an outport, before it is delivered."""
        self.on_received: list[Callable[[str, str, Any], None]] = []
        """Called with role, inport and data of every packet, wherever it comes from, before its node gets it."""
        self.on_error: list[Callable[[str, str], None]] = []
        """Called with a role and the text of its error."""
        self.on_log: list[Callable[[str, str], None]] = []
        """Called with a role and a text that it wants to be seen."""

    @property
    def loop(self) -> Loop:
        """The event loop in use."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def want(self, nodes: Mapping[str, str]) -> None:
        """Run exactly these nodes, role → component: start, stop and replace; the others go on undisturbed.

        Raises KeyError for a component that is not in the library, and changes nothing then.
        """
        for name in nodes.values():
            if name not in self._library:
                raise KeyError(name)
        for role, node in list(self._nodes.items()):
            if nodes.get(role) != node.name:
                del self._nodes[role]
                node.end()
        for role, name in nodes.items():
            if role not in self._nodes:
                self._start(role, name)

    def move(self, old: str, new: str) -> None:
        """Let a node have another role, with all that it remembers and waits for; one that had that role ends."""
        if old == new:
            return
        stale = self._nodes.pop(new, None)
        if stale is not None:
            stale.end()
        node = self._nodes[new] = self._nodes.pop(old)
        node.role = new

    def connect(self, links: Mapping[tuple[str, str], Sequence[tuple[str, str]]]) -> None:
        """Have these links, (role, outport) → [(role, inport), …], in place of those before; of absent nodes, too."""
        self._links = links

    def deliver(self, role: str, port: str, data: Any) -> None:
        """Give a packet to an inport, soon; nothing happens if there is no such node."""
        node = self._nodes.get(role)
        if node is None:
            return
        count = size(data) if len(self._waiting) >= _NOT_MEASURED else 0
        if len(self._waiting) >= MAX_WAITING or self._bytes + count > MAX_WAITING_BYTES:
            if not self._dropped:
                self.loop.call_later(_REPORT_S, self._report_dropped)
            self._dropped[role] += 1
            return
        self._bytes += count
        self._waiting.append((node, port, data, count))
        if not self._running:
            self._running = True
            self.loop.call_soon(self._run)

    def participant(self, role: str) -> discovery.Participant:
        """Return how a node presents itself to others; raise KeyError if there is none."""
        component = self._library[self._nodes[role].name]
        level = _level(role)

        def described(ports: Sequence[Port]) -> tuple[discovery.Port, ...]:
            return tuple(discovery.Port(p.id, f"{level}/{p.id}", p.type, p.description, p.schema) for p in ports)

        return discovery.Participant(
            role,
            role,
            component.name,
            component.description,
            component.icon or None,
            described(component.inports),
            described(component.outports),
        )

    def is_idle(self, roles: Iterable[str]) -> bool:
        """Whether none of these has a packet waiting for it or something to do later."""
        nodes = [node for role in roles if (node := self._nodes.get(role)) is not None]
        waiting = {id(node) for node, *_ in self._waiting}
        return not any(id(node) in waiting or node.has_timers for node in nodes)

    def report(self, role: str, text: str) -> None:
        """Report an error of a node, found by somebody else; nothing happens if there is no such node."""
        if role in self._nodes:
            self._nodes[role].error(text)

    def hide(self, role: str) -> None:
        """From now on tell nothing that a node says of packets, as long as it runs: something secure is coming to it."""
        if role in self._nodes:
            self._nodes[role].hidden = True

    def stop(self) -> None:
        """End all nodes; packets that wait are dropped."""
        self.want({})
        self._waiting.clear()
        self._bytes = 0

    def sent(self, role: str, port: str, data: Any) -> None:
        """Pass on a packet that a node sends."""
        for tell in self.on_packet:
            tell(role, port, data)
        for target, inport in self._links.get((role, port), ()):
            self.deliver(target, inport, data)

    def tell_error(self, role: str, text: str) -> None:
        """Tell those who want to hear of errors."""
        for tell in self.on_error:
            tell(role, text)

    def tell_line(self, role: str, text: str) -> None:
        """Tell those who want to hear of lines of the log."""
        for tell in self.on_log:
            tell(role, text)

    def _start(self, role: str, name: str) -> None:
        node = self._nodes[role] = Node(self, role, name)
        node.begin(self._library[name])

    def _run(self) -> None:
        """Deliver what waits, for one turn of the event loop."""
        until = self.loop.time() + MAX_TURN_S
        try:
            for _ in range(MAX_PER_TURN):
                if not self._waiting:
                    break
                node, port, data, count = self._waiting.popleft()
                self._bytes -= count
                node.receive(port, data)
                if self.loop.time() > until:
                    break
        finally:  # also where one who is told of errors fails
            self._running = bool(self._waiting)
            if self._running:
                self.loop.call_soon(self._run)

    def _report_dropped(self) -> None:
        dropped, self._dropped = self._dropped, Counter()
        limit = f"{MAX_WAITING}, or {MAX_WAITING_BYTES // 1024 // 1024} MiB,"
        for role, count in dropped.items():
            self.tell_error(role, f"packets dropped: {count}, because {limit} were waiting already")


def _shipped() -> Mapping[str, type[Component]]:
    return library.components()


def _level(role: str) -> str:
    """Return a role as one level of a topic that discovery allows: what is reserved or unprintable is encoded."""
    level = "".join(c if c.isprintable() else _encoded(c) for c in topics.escape(role))
    return _encoded(level[0]) + level[1:] if level == topics.DISCOVERY or level.startswith("$") else level


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
