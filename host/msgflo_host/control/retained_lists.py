"""Bindings as retained lists in the broker: the lists that are there, the desired ones, and the confirmed versions.

- ``fbp/bind/<id>``: the topics that each inport of a participant of ours is bound to. It subscribes to them itself.
  ``{"<inport>": ["…", …], …, "": {"version": 7, "states": ["…", …], "drop": ["…", …]}}``; it confirms with ``7`` on
  ``fbp/bound/<id>``. Of `states` only the latest value matters: the broker queues none of them for a client that is away.
  `drop` has filters of earlier lists that it has not confirmed: its session may still be subscribed to them.
  Libraries of an earlier version do not confirm, and report "" as an inport that they do not have: their lists lack it.
- ``fbp/forward/<id>``: the forwards to a participant that cannot be bound; see `wire.forward_list`.
- ``fbp/foreign/<id>``: a foreign device to announce; see `components.foreign.foreign_list`.
- ``fbp/component/<id>``: a built-in component to run; see `wire.component_list`.

Versions rise, whoever writes them. Where there is no list any more, its confirmation is cleared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec

from msgflo.errors import ConfigError
from msgflo.topics import can_be_subscribed, escape

from ..components.foreign import foreign_list
from ..wire import component_list as components
from ..wire import forward_list
from ..wire.component_list import Description
from ..wire.forward_list import Forward, ForwardList

__all__ = [
    "BIND",
    "BOUND",
    "BindLists",
    "ComponentLists",
    "ForeignDeviceLists",
    "ForwardLists",
    "RetainedLists",
    "bound_topic",
]

BIND, BOUND = "fbp/bind/", "fbp/bound/"

Content = TypeVar("Content", bound=Collection[Any])
Bound = Mapping[str, tuple[str, ...]]
"""The topics bound to each inport of one participant; at "", if it confirms lists, those of them that hold states."""


def bound_topic(id: str) -> str:
    """Return the topic on which a participant confirms its list."""
    topic: str = BOUND + escape(id)
    return topic


class RetainedLists(Generic[Content]):
    """The lists of one kind, by participant; writes only the difference.

    `publish(topic, payload)` publishes retained and returns False while there is no connection.
    """

    prefix = ""
    """Below it are the topics of the lists."""

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        self._publish = publish
        self._there: dict[str, tuple[int, Content | None]] = {}  # version and content; None: not known
        self._desired: dict[str, Content] = {}
        self._confirmed: dict[str, int] = {}
        self._versions: dict[str, int] = {}  # the highest that was seen
        self._was_confirmed = asyncio.Event()
        self.silent: set[str] = set()
        """Participants that were waited for in vain, and have confirmed nothing since."""

    def topic(self, id: str) -> str:
        """Return the topic of the list of a participant."""
        topic: str = self.prefix + escape(id)
        return topic

    def read(self, topic: str, payload: bytes) -> tuple[int, Content]:
        """Read a list, its version, which is 0 where it has none, and its content; raises ConfigError."""
        raise NotImplementedError

    def encode(self, id: str, version: int, content: Content) -> bytes:
        """Write the list of a participant; the same content is the same bytes."""
        raise NotImplementedError

    def read_version(self, payload: bytes) -> int | None:
        """Read which version is confirmed; None where it is nothing of the kind, or lists of this kind are not confirmed."""
        return None

    def received(self, topic: str, payload: bytes) -> bool:
        """Note a retained list; True where it differs from the desired one."""
        try:
            id = forward_list.participant_of(topic)
        except ConfigError:  # no participant's
            return False
        if payload:
            try:
                self._note(id, *self.read(topic, payload))
            except ConfigError:
                self._there[id] = 0, None
        else:
            self._there.pop(id, None)
        return self._differs(id)

    def expect(self, id: str) -> None:
        """Assume an unknown list there: some brokers do not send retained messages to wildcard subscriptions."""
        self._there.setdefault(id, (0, None))

    def confirmed(self, topic: str, payload: bytes) -> bool:
        """Note a confirmed version; True where the list differs from the desired one."""
        try:
            id = forward_list.participant_of(topic)
        except ConfigError:
            return False
        version = self.read_version(payload)
        if version is None:
            self._confirmed.pop(id, None)
        else:
            self._confirmed[id] = version
            self.silent.discard(id)
            self._versions[id] = max(self._versions.get(id, 0), version)
            self.expect(id)
        self._was_confirmed.set()
        return self._differs(id)

    def forget(self) -> None:
        """The connection was lost: the retained lists are unknown until they are read again."""
        self._there.clear()
        self._confirmed.clear()
        self._was_confirmed.set()

    def apply(self, desired: Mapping[str, Content]) -> list[str]:
        """Write exactly these lists, by participant, and remove all others; returns whose were written."""
        self._desired = {id: content for id, content in desired.items() if content}
        different = [id for id in sorted(self._there.keys() | self._desired.keys()) if self._differs(id)]
        return [id for id in self.in_order(different) if self._write(id)]

    def in_order(self, ids: list[str]) -> list[str]:
        """Return the participants in the order in which their lists are to be written."""
        return ids

    def write_again(self) -> None:
        """Publish all lists again, for a forwarder that was not sent the retained ones."""
        for id, (version, content) in self._there.items():
            if content is not None:
                self._publish(self.topic(id), self.encode(id, version, content))

    @property
    def missing(self) -> list[str]:
        """The participants whose list, or whose having none, is not confirmed, sorted."""
        ids = self._there.keys() | self._confirmed.keys()
        return sorted(id for id in ids if self._there.get(id, (None,))[0] != self._confirmed.get(id))

    async def confirmed_by_all(self, seconds: float, ids: Collection[str] | None = None) -> list[str]:
        """Wait until all lists, or those of some, are confirmed; returns whose are not within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while missing := [id for id in self.missing if ids is None or id in ids]:
                    self._was_confirmed.clear()
                    await self._was_confirmed.wait()
        except TimeoutError:
            self.silent.update(missing)
            return missing
        return []

    def _note(self, id: str, version: int, content: Content) -> None:
        self._there[id] = version, content
        self._versions[id] = max(self._versions.get(id, 0), version)

    def _differs(self, id: str) -> bool:
        version, content = self._there.get(id, (0, None))
        if id not in self._there or id not in self._desired:
            return (id in self._there) is not (id in self._desired)
        return not version or content != self._desired[id]

    def _write(self, id: str) -> bool:
        if id not in self._desired:
            if is_written := self._publish(self.topic(id), b""):
                self._there.pop(id, None)
            return is_written
        version, content = self._versions.get(id, 0) + 1, self._desired[id]
        if is_written := self._publish(self.topic(id), self.encode(id, version, content)):
            self._note(id, version, content)
        return is_written


class BindLists(RetainedLists[Bound]):
    """Direct bindings."""

    prefix = BIND

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        super().__init__(publish)
        self._drop: dict[str, set[str]] = {}  # of earlier lists, until a later one is confirmed

    def read(self, topic: str, payload: bytes) -> tuple[int, Bound]:
        try:
            found = _BOUND.decode(payload)
            about = msgspec.convert(found.get("", {}), _About)
            content = {inport: tuple(msgspec.convert(found[inport], list[str])) for inport in found if inport}
            self._drop.setdefault(forward_list.participant_of(topic), set()).update(
                filter(can_be_subscribed, about.drop)
            )
            return about.version, content | ({"": about.states} if "" in found else {})
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise ConfigError(f"{topic!r}: {error}") from None

    def encode(self, id: str, version: int, content: Bound) -> bytes:
        lists = {inport: sorted(sources) for inport, sources in sorted(content.items()) if inport}
        if "" not in content:
            return msgspec.json.encode(lists)
        drop = self._drop.get(id, set()).difference(*lists.values())
        about = {"version": version, "states": sorted(content.get("", ())), "drop": sorted(drop)}
        return msgspec.json.encode({**lists, "": {key: value for key, value in about.items() if value}})

    def confirmed(self, topic: str, payload: bytes) -> bool:
        differs = super().confirmed(topic, payload)
        with suppress(ConfigError):
            id = forward_list.participant_of(topic)
            if id in self._there and self._there[id][0] == self._confirmed.get(id):
                self._drop.pop(id, None)
        return differs

    def _write(self, id: str) -> bool:
        _, content = self._there.get(id, (0, None))
        if content and "" in content:  # an earlier library has no persistent session
            self._drop.setdefault(id, set()).update(filter(can_be_subscribed, chain.from_iterable(content.values())))
        return super()._write(id)

    def _differs(self, id: str) -> bool:
        _, content = self._there.get(id, (0, None))
        if content is not None and "" not in content:  # it has no version
            return content != self._desired.get(id)
        return super()._differs(id)

    def read_version(self, payload: bytes) -> int | None:
        try:
            return _VERSION.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


class ForwardLists(RetainedLists[frozenset[Forward]]):
    """Forwarded edges."""

    prefix = forward_list.LISTS

    def read(self, topic: str, payload: bytes) -> tuple[int, frozenset[Forward]]:
        found = forward_list.read_list(topic, payload)
        return found.version, found.forwards

    def encode(self, id: str, version: int, content: frozenset[Forward]) -> bytes:
        return forward_list.write_list(ForwardList(version, content))

    def read_version(self, payload: bytes) -> int | None:
        confirmation = forward_list.read_confirmation(payload)
        return None if confirmation is None else confirmation.version

    def remove_others(self, desired: Mapping[str, frozenset[Forward]]) -> list[str]:
        """Take out of the lists what is not among these, and add nothing; returns whose were written."""
        nothing: frozenset[Forward] = frozenset()
        return self.apply({id: (there or nothing) & desired.get(id, nothing) for id, (_, there) in self._there.items()})


class ComponentLists(RetainedLists[tuple[str, bool]]):
    """Built-in components: the name, and whether something secure comes to it."""

    prefix = components.LISTS

    def __init__(self, publish: Callable[[str, bytes], bool]) -> None:
        super().__init__(publish)
        self._names: dict[str, str] = {}  # of those that had another one before, which is their value

    def rename(self, old: str, new: str) -> None:
        """Let `new`, once it is written, go on with the memory of `old`."""
        self._names[new] = self._names.pop(old, old)

    def in_order(self, ids: list[str]) -> list[str]:
        """Put the new names of renamed ones before what is to have their old names."""
        new_names = {old: new for new, old in self._names.items()}

        def renames(id: str) -> int:
            count, at = 0, id
            while at in new_names and count < len(new_names):
                count, at = count + 1, new_names[at]
            return count

        return sorted(ids, key=renames)

    def apply(self, desired: Mapping[str, tuple[str, bool]]) -> list[str]:
        written: list[str] = []
        if self._names:  # the new ones first: those whose memory they go on with are there only until they are removed
            written = super().apply({**{id: each for id, (_, each) in self._there.items() if each}, **desired})
            self._names.clear()
        return [*written, *super().apply(desired)]

    def read(self, topic: str, payload: bytes) -> tuple[int, tuple[str, bool]]:
        found = components.read(topic, payload)
        return found.version, (found.component, found.secure)

    def encode(self, id: str, version: int, content: tuple[str, bool]) -> bytes:
        component, is_secure = content
        return components.write(Description(component, version, is_secure, self._names.get(id, "")))


class ForeignDeviceLists(RetainedLists[bytes]):
    """Foreign devices, each as `foreign_lists.content_of` gives it."""

    prefix = foreign_list.LISTS

    def read(self, topic: str, payload: bytes) -> tuple[int, bytes]:
        return foreign_list.read_content(topic, payload)

    def encode(self, id: str, version: int, content: bytes) -> bytes:
        return foreign_list.write(version, content)


class _About(msgspec.Struct):
    version: int = 0
    states: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


_BOUND = msgspec.json.Decoder(dict[str, Any])
_VERSION = msgspec.json.Decoder(int)
