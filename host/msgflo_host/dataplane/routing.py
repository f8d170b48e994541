"""Routes of packets: subscriptions, spread over lanes, and the targets of each topic. Pure.

A *lane* stands for one connection to the broker. Where several filters of one connection match a topic, MQTT 3.1.1
(§3.3.5) lets the broker deliver once or once for each, and the packet does not tell. So filters that overlap are put
on different lanes: on each lane at most one subscription matches a topic, and mostly one lane is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgflo.topics import is_filter, matches

from ..wire import frames
from ..wire.forward_list import MOST_LANES, Forward
from ..wire.payloads import unquoted

__all__ = ["Lane", "Match", "Route", "Router", "Subscription", "Target", "overlap"]

_CACHED = 8192  # routes and topics remembered on a lane; then all are found anew


@dataclass(slots=True, eq=False)
class Target:
    """Where a forward publishes, and how."""

    forward: Forward
    topic: bytes

    def written(self, payload: bytes) -> bytes:
        """Return a payload as it is to be published."""
        return unquoted(payload) if self.forward.text else payload


@dataclass(slots=True, eq=False)
class Subscription:
    """A desired filter, and the targets of its packets."""

    filter: str
    targets: dict[Forward, Target] = field(default_factory=dict)
    unsubscribed: set[Forward] = field(default_factory=set)
    """Added since the last SUBSCRIBE: their retained packets have not been asked for."""
    new: set[Forward] = field(default_factory=set)
    """Those that the last SUBSCRIBE was for: only they take the retained packets that it brings."""

    @property
    def qos(self) -> int:
        """The highest quality that one of the forwards asks for."""
        return max((forward.qos for forward in self.targets), default=0)

    def subscribing(self, *, settled: bool) -> None:
        """Note that a SUBSCRIBE is being sent; `settled` = what earlier ones brought has arrived."""
        self.new = self.unsubscribed if settled else self.new | self.unsubscribed
        self.unsubscribed = set()


class Match:
    """The targets of one topic on a lane."""

    __slots__ = ("subscription", "targets")

    def __init__(self, subscription: Subscription | None, targets: tuple[Target, ...] = ()) -> None:
        self.subscription = subscription
        self.targets = targets

    def retained(self) -> Match:
        """Return the match of a retained packet: only targets that are new."""
        if self.subscription is None:
            return self
        new = self.subscription.new
        return Match(self.subscription, tuple(target for target in self.targets if target.forward in new))


class Route:
    """The packets to write for those of one topic and one length: their heads, as bytes."""

    __slots__ = ("heads", "others")

    def __init__(self, match: Match, payload_length: int) -> None:
        self.heads = tuple(
            frames.publish_head(target.topic, payload_length, qos=0, retain=target.forward.retain)
            for target in match.targets
            if not (target.forward.qos or target.forward.text)
        )
        self.others = tuple(target for target in match.targets if target.forward.qos or target.forward.text)
        """Targets whose packets are numbered, or of another length, so that their heads differ."""


class Lane:
    """Subscriptions that do not overlap."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.desired: dict[str, Subscription] = {}
        self.changed: set[str] = set()
        """Filters whose subscription in the broker may differ from the desired one."""
        self.routes: dict[bytes, Route] = {}
        """By the bytes that packets begin with."""
        self.in_broker: dict[str, int] = {}
        """The filters subscribed to, and their QoS."""
        self._wildcards: dict[str, Subscription] = {}
        self._matches: dict[str, Match] = {}

    def admits(self, topic_filter: str) -> bool:
        """Return whether no other subscription of this lane overlaps this filter."""
        if topic_filter in self.desired:
            return False
        others: Iterable[str] = self.desired if is_filter(topic_filter) else self._wildcards
        return not any(overlap(topic_filter, other) for other in others)

    def add(self, subscription: Subscription) -> None:
        """Take a subscription that was admitted."""
        self.desired[subscription.filter] = subscription
        if is_filter(subscription.filter):
            self._wildcards[subscription.filter] = subscription

    def remove(self, topic_filter: str) -> None:
        """Drop a subscription."""
        del self.desired[topic_filter]
        self._wildcards.pop(topic_filter, None)

    def find(self, topic: str) -> Subscription | None:
        """Find the subscription that matches a topic."""
        found = self.desired.get(topic)
        if found is not None and not is_filter(topic):
            return found
        for topic_filter, subscription in self._wildcards.items():
            if matches(topic_filter, topic):
                return subscription
        return None

    def forget(self) -> None:
        """Find all routes anew, since something has changed."""
        self.routes.clear()
        self._matches.clear()

    def cached(self, topic: str) -> Match | None:
        """Return the cached match of a topic."""
        return self._matches.get(topic)

    def cache(self, topic: str, match: Match) -> None:
        """Cache the match of a topic."""
        if len(self._matches) >= _CACHED:
            self.forget()
        self._matches[topic] = match


class Router:
    """All forwards, on as few lanes as possible."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self.forwards: frozenset[Forward] = frozenset()
        self.refused: set[str] = set()
        """Filters that would need more than MOST_LANES connections."""
        self._homes: dict[str, Lane] = {}  # filter -> its lane
        self._rivals: dict[tuple[str, str], set[Forward]] = {}  # by target, and by source or "" for all with wildcards

    def restore(self, placed: Iterable[tuple[int, str]]) -> None:
        """Take up on which lanes an earlier forwarder has subscribed to filters; call `set_forwards` next."""
        for number, topic_filter in placed:
            self.lanes += map(Lane, range(len(self.lanes), number + 1))
            lane = self.lanes[number]
            lane.in_broker[topic_filter] = 0
            lane.changed.add(topic_filter)
            if topic_filter not in self._homes and lane.admits(topic_filter):
                lane.add(Subscription(topic_filter))
                self._homes[topic_filter] = lane

    def lane_of(self, topic_filter: str) -> int | None:
        """Return the number of the lane that a filter is on."""
        lane = self._homes.get(topic_filter)
        return None if lane is None else lane.number

    def set_forwards(self, forwards: Iterable[Forward]) -> None:
        """Have exactly these forwards from now on."""
        desired = frozenset(forwards)
        if desired == self.forwards:
            self._tidy()
            return
        for lane in self.lanes:
            lane.forget()
        for forward in self.forwards - desired:
            self._drop(forward)
        new = sorted(desired - self.forwards, key=_order)
        self.refused = {forward.source for forward in new if not self._find_home(forward.source)}
        new = [forward for forward in new if forward.source not in self.refused]
        for forward in new:
            self._add(forward)
        self.forwards = self.forwards & desired | set(new)
        self._tidy()

    def match(self, lane: Lane, topic: str) -> Match:
        """Find the match of a topic on a lane."""
        match = lane.cached(topic)
        if match is None:
            match = self._match(lane.find(topic), topic)
            lane.cache(topic, match)
        return match

    def route(self, lane: Lane, head: bytes, topic: str, payload_length: int) -> Route:
        """Find what to do with a packet that begins with `head`, and remember it."""
        route = Route(self.match(lane, topic), payload_length)
        if len(lane.routes) >= _CACHED:
            lane.forget()
        lane.routes[head] = route
        return route

    def _match(self, subscription: Subscription | None, topic: str) -> Match:
        if subscription is None:
            return Match(None)
        targets = [target for target in subscription.targets.values() if not self._duplicate(target, topic)]
        return Match(subscription, tuple(targets))

    def _duplicate(self, target: Target, topic: str) -> bool:
        """Return whether a forward from an overlapping filter brings this topic to the same target: one of them is enough."""
        mine = target.forward
        wild = self._rivals.get((mine.target, ""), ())
        exact = self._rivals.get((mine.target, topic), ())
        if len(wild) + len(exact) == 1:
            return False
        rivals = [*exact, *(other for other in wild if matches(other.source, topic))]
        first: Forward = min(rivals, key=_order)
        return first != mine

    def _add(self, forward: Forward) -> None:
        self._rivals.setdefault(_rivalry(forward), set()).add(forward)
        subscription = self._home(forward.source)
        subscription.targets[forward] = Target(forward, frames.text(forward.target))
        subscription.unsubscribed.add(forward)

    def _drop(self, forward: Forward) -> None:
        rivals = self._rivals[_rivalry(forward)]
        rivals.remove(forward)
        if not rivals:
            del self._rivals[_rivalry(forward)]
        subscription = self._home(forward.source)
        del subscription.targets[forward]
        subscription.unsubscribed.discard(forward)
        subscription.new.discard(forward)

    def _home(self, topic_filter: str) -> Subscription:
        """Return the subscription with this filter, noted as changed."""
        lane = self._homes[topic_filter]
        lane.changed.add(topic_filter)
        return lane.desired[topic_filter]

    def _find_home(self, topic_filter: str) -> bool:
        """Have a subscription with this filter; False where there is no lane for it."""
        if topic_filter in self._homes:
            return True
        lane = next((lane for lane in self.lanes if lane.admits(topic_filter)), None)
        if lane is None:
            if len(self.lanes) >= MOST_LANES - is_filter(topic_filter):  # one is left for topics
                return False
            lane = Lane(len(self.lanes))
            self.lanes.append(lane)
        lane.add(Subscription(topic_filter))
        self._homes[topic_filter] = lane
        return True

    def _tidy(self) -> None:
        """Drop the subscriptions that nobody takes."""
        for lane in self.lanes:
            for topic_filter in lane.changed:
                subscription = lane.desired.get(topic_filter)
                if subscription is not None and not subscription.targets:
                    lane.remove(topic_filter)
                    del self._homes[topic_filter]


def overlap(one: str, other: str) -> bool:
    """Return whether a topic can match both filters (§4.7); a leading wildcard leaves out topics that begin with `$`."""
    mine, theirs = one.split("/"), other.split("/")
    for first, second in ((mine[0], theirs[0]), (theirs[0], mine[0])):
        if first in ("+", "#") and second.startswith("$"):
            return False
    for level, (left, right) in enumerate(zip(mine, theirs, strict=False)):
        if left == "#" or right == "#":
            return True
        if left != right and "+" not in (left, right):
            return False
        shorter, longer = sorted((mine, theirs), key=len)
        if level == len(shorter) - 1:  # `a/#` also matches `a`
            return len(shorter) == len(longer) or longer[level + 1 :] == ["#"]
    return False


def _order(forward: Forward) -> tuple[int, bool, str, str]:
    """Of two forwards that serve one target, the first in this order does."""
    return (-forward.qos, not forward.retain, forward.source, forward.target)


def _rivalry(forward: Forward) -> tuple[str, str]:
    return forward.target, "" if is_filter(forward.source) else forward.source
