"""Direct bindings: the retained lists on ``fbp/bind/<id>`` of topics that a participant subscribes to itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgflo.topics import bind_topic, unescape

__all__ = ["DirectBindings"]

Lists = Mapping[str, tuple[str, ...]]
"""The topics bound to each inport of one participant."""


class DirectBindings:
    """What stands in the broker against what is wanted; writes only the difference.

    ``publish(topic, payload)`` publishes retained and returns False while there is no connection.
    """

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        self._publish = publish
        self._in_force: dict[str, bytes] = {}
        self._wanted: dict[str, bytes] = {}

    def received(self, topic: str, payload: bytes) -> bool:
        """Take note of a list seen on `topic`; True when it is not what this coordinator wrote there."""
        participant = unescape(topic.rsplit("/", 1)[1])
        if payload:
            self._in_force[participant] = payload
        else:
            self._in_force.pop(participant, None)
        return payload != self._wanted.get(participant, b"")

    def forget(self) -> None:
        """The connection was lost: what stands in the broker is unknown until it is read again."""
        self._in_force.clear()

    def apply(self, wanted: Mapping[str, Lists]) -> bool:
        """Bring exactly these lists in force, absent participants' lists are removed; whether anything was written."""
        self._wanted = {participant: _encode(lists) for participant, lists in wanted.items() if lists}
        before = dict(self._in_force)
        for participant in self._in_force.keys() - self._wanted.keys():
            if self._publish(bind_topic(participant), b""):
                del self._in_force[participant]
        for participant, payload in self._wanted.items():
            if self._in_force.get(participant) != payload and self._publish(bind_topic(participant), payload):
                self._in_force[participant] = payload
        return self._in_force != before


def _encode(lists: Lists) -> bytes:
    """Sorted, so that the same bindings are the same bytes."""
    return msgspec.json.encode({inport: sorted(topics) for inport, topics in sorted(lists.items())})
