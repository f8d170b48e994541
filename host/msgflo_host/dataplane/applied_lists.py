"""The lists that a forwarder has read, and their confirmations. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

import msgspec

from msgflo.errors import ConfigError
from msgflo.topics import is_filter

from ..util.log_filter import LogFilter
from ..wire.forward_list import (
    CONFIRMED,
    LISTS,
    Confirmation,
    Forward,
    ForwardList,
    confirmed_topic,
    participant_of,
    read_confirmation,
    read_list,
)
from ..wire.topic_cycles import find_cycles

__all__ = ["MOST_WILDCARDS", "Lists"]

MOST_WILDCARDS = 100
"""Sources with wildcards in all lists: each is compared with all other sources and with all targets."""
_MOST_LOGGED = 10  # cycles


class Lists:
    """The lists of all participants, and the confirmations that stand in the broker.

    An invalid list is logged once; the one that it was to replace stays active.
    """

    def __init__(self) -> None:
        self._lists: dict[str, ForwardList] = {}
        self._taken: dict[str, ForwardList] = {}  # what `take` has returned
        self._confirmed: dict[str, Confirmation] = {}
        self._wildcards: dict[str, int] = {}  # sources with wildcards, of the lists that have any
        self._seen: set[str] = set()  # since the connection was made
        self._closing: frozenset[Forward] = frozenset()
        self._log_filter = LogFilter(once=True)

    def connected(self) -> None:
        """Begin a new connection: the retained lists come next."""
        self._seen.clear()
        self._confirmed.clear()

    def received(self, topic: str, payload: bytes) -> None:
        """Take what stands below LISTS or CONFIRMED."""
        try:
            id = participant_of(topic)
            if topic.startswith(LISTS):
                self._seen.add(id)
                if payload:
                    new = read_list(topic, payload)
                    self._count_wildcards(topic, id, new)
                    self._lists[id] = new
                else:
                    self._lists.pop(id, None)
                    self._wildcards.pop(id, None)
            elif topic.startswith(CONFIRMED) and (found := read_confirmation(payload)) is not None:
                self._confirmed[id] = found
        except ConfigError as error:
            self._log_filter.warn(f"a list is left out: {error}")

    def _count_wildcards(self, topic: str, id: str, found: ForwardList) -> None:
        number = len({forward.source for forward in found.forwards if is_filter(forward.source)})
        others = sum(self._wildcards.values()) - self._wildcards.get(id, 0)
        if number and others + number > MOST_WILDCARDS:
            raise ConfigError(
                f"{topic!r}: {number} sources with wildcards, beside {others} of other lists; allowed are {MOST_WILDCARDS} in all"
            )
        self._wildcards.pop(id, None)
        if number:
            self._wildcards[id] = number

    @property
    def is_empty(self) -> bool:
        """Whether the broker has sent no list since the connection was made."""
        return not self._seen

    def all_read(self) -> None:
        """Note that all retained messages have been read: a confirmed list that is no longer retained was removed meanwhile.

        One that is not confirmed either was lost by the broker, and stays active.
        """
        for id in self._confirmed.keys() - self._seen:
            self._lists.pop(id, None)
            self._wildcards.pop(id, None)

    def placed(self) -> Iterator[tuple[int, str]]:
        """Yield the connections on which sources are subscribed to, as far as that is confirmed."""
        for confirmation in self._confirmed.values():
            for lane, sources in enumerate(confirmation.lanes):
                for source in sources:
                    yield lane, source

    def take(self) -> frozenset[Forward]:
        """Return the forwards of all lists that can be active together; `confirm` is about these."""
        self._taken = dict(self._lists)
        every = sorted({forward for each in self._taken.values() for forward in each.forwards})
        cycles = find_cycles([[(forward.source, forward.target)] for forward in every])
        self._closing = frozenset(every[i] for i in cycles)
        for cycle in [*cycles.values()][:_MOST_LOGGED]:
            self._log_filter.warn(f"not forwarded, for it would close a cycle: {' → '.join(cycle[:20])}")
        if len(cycles) > _MOST_LOGGED:
            self._log_filter.warn(f"nor are {len(cycles) - _MOST_LOGGED} others that would close one")
        return frozenset(every) - self._closing

    def confirm(self, lane_of: Callable[[str], int | None], refused: Set[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the confirmations that have changed, as topics and payloads to be retained.

        `lane_of` returns on which connection a source is subscribed to; `refused` are those that the broker refuses.
        """
        for id in self._confirmed.keys() - self._taken.keys():
            del self._confirmed[id]
            yield confirmed_topic(id), b""
        for id in self._taken.keys() & self._seen:
            confirmation = self._confirmation(self._taken[id], lane_of, refused)
            if self._confirmed.get(id) != confirmation:
                self._confirmed[id] = confirmation
                yield confirmed_topic(id), msgspec.json.encode(confirmation)

    def confirmed(self) -> Iterator[tuple[str, bytes]]:
        """Return all that was confirmed, to publish it again."""
        for id, confirmation in self._confirmed.items():
            yield confirmed_topic(id), msgspec.json.encode(confirmation)

    def _confirmation(
        self, found: ForwardList, lane_of: Callable[[str], int | None], refused: Set[str]
    ) -> Confirmation:
        sources = sorted({forward.source for forward in found.forwards})
        closing = {forward.source for forward in found.forwards & self._closing}
        lanes: list[list[str]] = []
        for source in sources:
            if (lane := lane_of(source)) is not None:
                lanes += [[] for _ in range(lane + 1 - len(lanes))]
                lanes[lane].append(source)
        return Confirmation(
            found.version,
            tuple(source for source in sources if source in refused or source in closing),
            tuple(map(tuple, lanes)),
        )
