"""The participants that send on each topic."""

from __future__ import annotations

from msgflo.topics import is_filter, matches

from ..wire.discovery import Participant

__all__ = ["Publishers", "Traffic"]


class Publishers:
    """The roles that send on each topic, to find two that share one."""

    def __init__(self, limit: int = 10_000) -> None:
        self._roles: dict[str, dict[str, int]] = {}
        self._reported: set[tuple[str, str, str]] = set()
        self._limit = limit

    def add(self, participant: Participant) -> list[str]:
        """Add a participant; return a sentence for each outport whose topic another role sends on, each time once."""
        sentences = []
        for port in participant.outports:
            if port.queue is None:
                continue
            roles = self._roles.setdefault(port.queue, {})
            other = next((role for role in roles if role != participant.role), None)
            roles[participant.role] = roles.get(participant.role, 0) + 1
            if other is not None and self._is_news(port.queue, participant.role, other):
                sentences.append(
                    f'outport "{port.id}" of "{participant.role}" sends on "{port.queue}", and so does "{other}": '
                    "an edge from one of them carries the packets of both"
                )
        return sentences

    def discard(self, participant: Participant) -> None:
        """Take a participant out again, as it was added."""
        for port in participant.outports:
            if port.queue is not None:
                roles = self._roles[port.queue]
                roles[participant.role] -= 1
                if not roles[participant.role]:
                    del roles[participant.role]
                if not roles:
                    del self._roles[port.queue]

    def _is_news(self, topic: str, role: str, other: str) -> bool:
        key = (topic, min(role, other), max(role, other))
        if key in self._reported:
            return False
        if len(self._reported) >= self._limit:
            self._reported.clear()
        self._reported.add(key)
        return True


class Traffic:
    """The participants that are seen by their packets only, by the topics of their outports."""

    def __init__(self) -> None:
        self._exact: dict[str, set[str]] = {}
        self._filters: dict[str, set[str]] = {}

    def topics(self) -> frozenset[str]:
        """Return all topics and filters."""
        return frozenset(self._exact) | frozenset(self._filters)

    def senders(self, topic: str) -> set[str]:
        """Return the ids of those that send on a topic."""
        found = set(self._exact.get(topic, ()))
        for topic_filter, ids in self._filters.items():
            if matches(topic_filter, topic):
                found |= ids
        return found

    def add(self, participant: Participant) -> None:
        """Add a participant, if it asks for it."""
        for topic in self._sends_on(participant):
            self._table(topic).setdefault(topic, set()).add(participant.id)

    def discard(self, participant: Participant) -> None:
        """Take a participant out again, as it was added."""
        for topic in self._sends_on(participant):
            ids = self._table(topic)[topic]
            ids.discard(participant.id)
            if not ids:
                del self._table(topic)[topic]

    def _table(self, topic: str) -> dict[str, set[str]]:
        return self._filters if is_filter(topic) else self._exact

    @staticmethod
    def _sends_on(participant: Participant) -> set[str]:
        if participant.extra.get("liveness") != "traffic":
            return set()
        return {port.queue for port in participant.outports if port.queue is not None}
