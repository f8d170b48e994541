"""Forwarded edges: the retained lists on ``fbp/forward/<id>`` of what a forwarder passes on to each target participant.

What stands there, and what it confirms, is described in `dataplane.forward`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from msgflo.errors import ConfigError

from ..dataplane.forward import (
    Confirmation,
    Forward,
    ForwardList,
    list_topic,
    participant_of,
    read_confirmation,
    read_list,
)

__all__ = ["ForwardLists"]

_NO_LIST = ForwardList(0, frozenset())
"""What stands on a topic and is no list, or one that was not read."""


class ForwardLists:
    """What stands in the broker against what is wanted, by participant; writes only the difference.

    `publish(topic, payload)` publishes retained and returns False while there is no connection.
    """

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        self._publish = publish
        self._there: dict[str, ForwardList] = {}
        self._wanted: dict[str, frozenset[Forward]] = {}
        self._confirmed: dict[str, Confirmation] = {}
        self._versions: dict[str, int] = {}  # the highest that was seen
        self._was_confirmed = asyncio.Event()

    def received(self, topic: str, payload: bytes) -> bool:
        """Take note of what stands on a topic below LISTS now; True where that is not what is wanted there."""
        try:
            id = participant_of(topic)
        except ConfigError:
            return False
        if payload:
            try:
                self._stands(id, read_list(topic, payload))
            except ConfigError:
                self._stands(id, _NO_LIST)
        else:
            self._there.pop(id, None)
        return self._differs(id)

    def confirmed(self, topic: str, payload: bytes) -> bool:
        """Take note of what the forwarder says below CONFIRMED; True where that is of a list which is not wanted."""
        try:
            id = participant_of(topic)
        except ConfigError:
            return False
        confirmation = read_confirmation(payload)
        if confirmation is None:
            self._confirmed.pop(id, None)
        else:
            self._confirmed[id] = confirmation
            self._versions[id] = max(self._versions.get(id, 0), confirmation.version)
            if id not in self._there:  # some brokers keep lists, but send none to those who ask for all
                self._there[id] = _NO_LIST
        self._was_confirmed.set()
        return self._differs(id)

    def forget(self) -> None:
        """The connection was lost: what stands in the broker is unknown until it is read again."""
        self._there.clear()
        self._confirmed.clear()
        self._was_confirmed.set()

    def stand(self, wanted: Mapping[str, frozenset[Forward]]) -> bool:
        """Whether exactly these lists, by participant, stand in the broker."""
        there = {id: each.forwards for id, each in self._there.items()}
        return there == {id: forwards for id, forwards in wanted.items() if forwards}

    def remove_others(self, wanted: Mapping[str, frozenset[Forward]]) -> bool:
        """Take out of the lists what is not among these, and add nothing; whether anything was written."""
        return self.apply({id: there.forwards & wanted.get(id, frozenset()) for id, there in self._there.items()})

    def apply(self, wanted: Mapping[str, frozenset[Forward]]) -> bool:
        """Bring exactly these lists, by participant, in force and remove all others; whether anything was written."""
        self._wanted = {id: forwards for id, forwards in wanted.items() if forwards}
        different = [id for id in sorted(self._there.keys() | self._wanted.keys()) if self._differs(id)]
        return sum(map(self._write, different)) > 0

    def write_again(self) -> None:
        """Publish all lists once more, for a forwarder that was not sent what the broker keeps."""
        for id, there in self._there.items():
            self._publish(list_topic(id), _encode(there))

    @property
    def missing(self) -> list[str]:
        """The participants whose list, or whose having none, the forwarder has not confirmed, sorted."""
        ids = self._there.keys() | self._confirmed.keys()
        return sorted(id for id in ids if _version(self._there.get(id)) != _version(self._confirmed.get(id)))

    async def in_force(self, seconds: float) -> bool:
        """Wait until the forwarder has confirmed all lists; False where it has not within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self.missing:
                    self._was_confirmed.clear()
                    await self._was_confirmed.wait()
        except TimeoutError:
            return False
        return True

    def _stands(self, id: str, found: ForwardList) -> None:
        self._there[id] = found
        self._versions[id] = max(self._versions.get(id, 0), found.version)

    def _differs(self, id: str) -> bool:
        there = self._there.get(id)
        if there is None:
            return id in self._wanted
        return there is _NO_LIST or there.forwards != self._wanted.get(id)

    def _write(self, id: str) -> bool:
        if id not in self._wanted:
            if is_written := self._publish(list_topic(id), b""):
                self._there.pop(id, None)
            return is_written
        found = ForwardList(self._versions.get(id, 0) + 1, self._wanted[id])
        if is_written := self._publish(list_topic(id), _encode(found)):
            self._stands(id, found)
        return is_written


def _version(said: ForwardList | Confirmation | None) -> int | None:
    return None if said is None else said.version


def _encode(found: ForwardList) -> bytes:
    """Sorted, so that the same forwards are the same bytes."""
    return msgspec.json.encode({"version": found.version, "forwards": sorted(found.forwards)})
