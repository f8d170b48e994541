"""Forwarded edges on the wire: a retained list for each target participant on ``fbp/forward/<id>``, and what is in force.

A list is ``{"version": 7, "forwards": [{"source": "…", "target": "…", "qos": 1, "retain": true, "text": true}, …]}``; what
is 0 or false may be left out. The forwarder says on ``fbp/forwarded/<id>``, retained, which version it has brought in
force: ``{"version": 7}``; where there is no list any more, it clears that. Versions rise, whoever writes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec

from msgflo.topics import escape, unescape

from .forward import Forward

__all__ = ["CONFIRMED", "FORWARD", "Confirmation", "ForwardLists", "List", "parse", "parse_confirmation"]

FORWARD, CONFIRMED = "fbp/forward/", "fbp/forwarded/"


class List(msgspec.Struct, frozen=True):
    """The forwards to one participant."""

    version: int
    forwards: frozenset[Forward]


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the forwarder has brought in force of a list."""

    version: int
    refused: tuple[str, ...] = ()
    """Sources that the broker does not let it subscribe to."""


def parse(payload: bytes) -> List:
    """Read a list; raises msgspec.DecodeError, which says what is wrong and where."""
    return _LIST.decode(payload)


def parse_confirmation(payload: bytes) -> Confirmation:
    """Read what a forwarder confirms; raises msgspec.DecodeError."""
    return _CONFIRMATION.decode(payload)


_LIST = msgspec.json.Decoder(List)
_CONFIRMATION = msgspec.json.Decoder(Confirmation)


class ForwardLists:
    """What stands in the broker against what is wanted, by participant; writes only the difference.

    `publish(topic, payload)` publishes retained and returns False while there is no connection.
    """

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        self._publish = publish
        self._there: dict[str, List] = {}  # in the broker; of version 0 what is no list
        self._wanted: Mapping[str, frozenset[Forward]] = {}
        self._confirmed: dict[str, Confirmation] = {}
        self._versions: dict[str, int] = {}  # the highest that was seen
        self._confirmed_more = asyncio.Event()

    def received(self, topic: str, payload: bytes) -> bool:
        """Take note of what stands on a topic below FORWARD now; True where that is not what is wanted there."""
        id = unescape(topic.removeprefix(FORWARD))
        if payload:
            try:
                self._there[id] = parse(payload)
                self._versions[id] = max(self._versions.get(id, 0), self._there[id].version)
            except msgspec.DecodeError:
                self._there[id] = List(0, frozenset())
        else:
            self._there.pop(id, None)
        return self._differs(id)

    def confirmed(self, topic: str, payload: bytes) -> None:
        """Take note of what the forwarder says below CONFIRMED; garbage confirms nothing."""
        id = unescape(topic.removeprefix(CONFIRMED))
        try:
            self._confirmed[id] = parse_confirmation(payload)
            self._versions[id] = max(self._versions.get(id, 0), self._confirmed[id].version)
        except msgspec.DecodeError:
            self._confirmed.pop(id, None)
        self._confirmed_more.set()

    def forget(self) -> None:
        """The connection was lost: what stands in the broker is unknown until it is read again."""
        self._there.clear()
        self._confirmed.clear()

    def apply(self, forwards: Mapping[str, Iterable[Forward]]) -> bool:
        """Bring exactly these lists, by participant, in force and remove all others; whether anything was written."""
        self._wanted = {id: found for id, each in forwards.items() if (found := frozenset(each))}
        different = [id for id in self._there.keys() | self._wanted.keys() if self._differs(id)]
        return sum(map(self._write, different)) > 0

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
                    self._confirmed_more.clear()
                    await self._confirmed_more.wait()
        except TimeoutError:
            return False
        return True

    def _differs(self, id: str) -> bool:
        there = self._there.get(id)
        if there is None:
            return id in self._wanted
        return not there.version or there.forwards != self._wanted.get(id)

    def _write(self, id: str) -> bool:
        forwards, version = self._wanted.get(id), self._versions.get(id, 0) + 1
        if not self._publish(FORWARD + escape(id), b"" if forwards is None else _encode(version, forwards)):
            return False
        if forwards is None:
            self._there.pop(id, None)
        else:
            self._there[id], self._versions[id] = List(version, forwards), version
        return True


def _version(said: List | Confirmation | None) -> int | None:
    return None if said is None else said.version


def _encode(version: int, forwards: frozenset[Forward]) -> bytes:
    """Sorted, so that the same bindings are the same bytes."""
    return msgspec.json.encode({"version": version, "forwards": sorted(forwards)})
