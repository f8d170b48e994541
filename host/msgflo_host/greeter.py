"""When which initial packet is sent: to a participant at each of its starts, and at once when the graph gains one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import msgspec

from .bindings.initials import InitialPacket, initial_packets
from .graph.model import Graph, Initial
from .participants import Registry

__all__ = ["Greeter"]

log = logging.getLogger("msgflo")

MOST_SAID = 1000

Publish = Callable[[InitialPacket], bool]


class Greeter:
    """Collects what has to be sent, until `send` can send it."""

    def __init__(self) -> None:
        self._started: dict[str, None] = {}
        self._fresh: set[bytes] = set()
        self._said: set[str] = set()

    @property
    def due(self) -> bool:
        """Whether anything waits to be sent."""
        return bool(self._started or self._fresh)

    def greet(self, ids: Iterable[str]) -> None:
        """These participants have started: each gets all of its initial packets."""
        self._started.update(dict.fromkeys(ids))

    def graph_changed(self, old: Graph, new: Graph) -> None:
        """Initial packets that only the new graph has go out to whoever is there."""
        before = {_key(initial) for initial in old.initials}
        self._fresh |= {_key(initial) for initial in new.initials} - before

    def send(self, graph: Graph, registry: Registry, publish: Publish) -> None:
        """Send what is due, in the order of the graph; instances that share a topic get equal packets once.

        What `publish` does not take (it returns False) stays due.
        """
        fresh = {initial.tgt.node for initial in graph.initials if _key(initial) in self._fresh} if self._fresh else ()
        due = {**self._started, **{entry.participant.id: None for role in fresh for entry in registry.by_role(role)}}
        sent: set[tuple[str, bytes]] = set()
        for identity in due:
            entry = registry.get(identity)
            if entry is None or entry.state == "lost":
                continue  # it gets them when it starts
            for packet in initial_packets(graph, entry.participant):
                if identity not in self._started and _key(packet.initial) not in self._fresh:
                    continue
                if packet.reason:
                    self._complain(packet.reason)
                elif (packet.topic, packet.payload) not in sent:
                    if not publish(packet):
                        return
                    sent.add((packet.topic, packet.payload))
        self._started.clear()
        self._fresh.clear()

    def _complain(self, reason: str) -> None:
        if reason not in self._said:
            if len(self._said) >= MOST_SAID:  # reasons hold names that devices choose
                self._said.clear()
            self._said.add(reason)
            log.error("initial packet: %s", reason)


def _key(initial: Initial) -> bytes:
    return msgspec.json.encode((initial.tgt, initial.data))
