"""Sends initial packets: to a participant at each of its starts, and at once when the graph gains one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

import msgspec

from ..graph.model import Graph, Initial
from ..model.initial_packets import InitialPacket, initial_packets
from ..model.participants import Registry
from ..util.log_filter import LogFilter

__all__ = ["Due", "InitialSender"]

Publish = Callable[[InitialPacket], bool]


class Due(NamedTuple):
    """Participants that have started, by their ids, and initial packets that go out to whoever is there."""

    started: frozenset[str]
    added: frozenset[bytes]


class InitialSender:
    """Collects what has to be sent, until `send` can send it; `trouble(role, text)` gets each mistake once."""

    def __init__(self, trouble: Callable[[str, str], None]) -> None:
        self._trouble = trouble
        self._started: dict[str, None] = {}
        self._added: dict[bytes, Initial] = {}
        self._log_filter = LogFilter(once=True)

    @property
    def due(self) -> Due:
        """The packets to be sent next."""
        return Due(frozenset(self._started), frozenset(self._added))

    def started(self, ids: Iterable[str]) -> None:
        """Note participants that have started: each gets all of its initial packets."""
        self._started.update(dict.fromkeys(ids))

    def added(self, initials: Iterable[Initial]) -> None:
        """Note initial packets that are new, or to be sent again: they go out to the participants that are there."""
        self._added.update((_key(initial), initial) for initial in initials)

    def renamed(self, old: str, new: str) -> None:
        """Move the packets for one role to another."""
        moved = [
            replace(each, tgt=each.tgt._replace(node=new)) for each in self._added.values() if each.tgt.node == old
        ]
        self.added(moved)

    def send(self, graph: Graph, registry: Registry, publish: Publish, due: Due) -> None:
        """Send what was due, in the order of the graph; what has become due since stays so.

        Instances that share a topic get equal packets once. What `publish` does not take (it returns False) stays due.
        """
        added = due.added & self._added.keys()
        roles = {self._added[key].tgt.node for key in added}
        receivers = dict.fromkeys(identity for identity in self._started if identity in due.started)
        started = set(receivers)
        receivers.update((entry.participant.id, None) for role in roles for entry in registry.by_role(role))
        sent: set[tuple[str, bytes]] = set()
        for identity in receivers:
            entry = registry.get(identity)
            if entry is None or entry.state == "lost":
                continue  # it gets them when it starts
            for packet in initial_packets(graph, entry.participant):
                key = _key(packet.initial)
                if key not in added and (identity not in started or key in self._added):
                    continue
                if packet.reason:
                    self._report(packet.initial.tgt.node, packet.reason)
                elif (packet.topic, packet.payload) not in sent:
                    if not publish(packet):
                        return
                    sent.add((packet.topic, packet.payload))
        self._started = {identity: None for identity in self._started if identity not in started}
        self._added = {key: each for key, each in self._added.items() if key not in added}

    def _report(self, role: str, reason: str) -> None:
        if self._log_filter.is_new(reason):
            self._trouble(role, f"initial packet: {reason}")


def _key(initial: Initial) -> bytes:
    return msgspec.json.encode((initial.tgt, initial.data))
