"""Direct bindings: the retained lists on ``fbp/bind/<id>`` of topics that a participant subscribes to itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from msgflo.topics import bind_topic

__all__ = ["DirectBindings"]

Lists = Mapping[str, tuple[str, ...]]
"""The topics bound to each inport of one participant."""


class DirectBindings:
    """What stands in the broker against what is wanted, by topic; writes only the difference.

    ``publish(topic, payload)`` publishes retained and returns False while there is no connection.
    """

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        self._publish = publish
        self._in_force: dict[str, bytes] = {}
        self._wanted: dict[str, bytes] = {}

    def received(self, topic: str, payload: bytes) -> bool:
        """Take note of a list seen on `topic`; True when it is not what this coordinator wrote there."""
        if payload:
            self._in_force[topic] = payload
        else:
            self._in_force.pop(topic, None)
        return payload != self._wanted.get(topic, b"")

    def forget(self) -> None:
        """The connection was lost: what stands in the broker is unknown until it is read again."""
        self._in_force.clear()

    def apply(self, wanted: Mapping[str, Lists]) -> bool:
        """Bring exactly these lists, by participant, in force and remove all others; whether anything was written."""
        self._wanted = {bind_topic(participant): _encode(lists) for participant, lists in wanted.items() if lists}
        changed = False
        for topic in self._in_force.keys() - self._wanted.keys():
            if self._publish(topic, b""):
                del self._in_force[topic]
                changed = True
        for topic, payload in self._wanted.items():
            if self._in_force.get(topic) != payload and self._publish(topic, payload):
                self._in_force[topic] = payload
                changed = True
        return changed


def _encode(lists: Lists) -> bytes:
    """Sorted, so that the same bindings are the same bytes."""
    return msgspec.json.encode({inport: sorted(topics) for inport, topics in sorted(lists.items())})
