"""Topics and filters that are read in this process, each for those who take its packets.

Filters that overlap are kept on connections of their own (see `routing`), so that no broker sends a packet twice, and so
that what one taker asks for changes nothing for the others: their subscriptions stay as they are. A retained packet goes
only to those who have just come, and had no other filter that matches its topic; and to all after a lost connection, since
it may have changed meanwhile.

Limit: where one taker has several filters that match a topic, the first of them in alphabetical order serves it; what is
published while that one is being subscribed to is not seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from msgflo import Broker
from msgflo.topics import is_filter, matches

from ..connection import Connection
from ..dataplane.forward import Forward
from ..dataplane.routing import Lane, Router

__all__ = ["Following"]

OnPacket = Callable[[list[str], str, bytes, bool], None]


class Following:
    """Keeps the subscriptions that `want` asks for; `run` serves them until it is cancelled.

    ``on_packet(takers, topic, payload, retained)`` gets every packet, with the names of those who take it. The `first`
    connection is always there; it may be used to publish. All of them are open only while `when` is set.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        on_packet: OnPacket,
        when: asyncio.Event,
        on_connected: Callable[[], None] = lambda: None,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self._broker, self._client_id, self._when = broker, client_id, when
        self._on_packet, self._on_connected = on_packet, on_connected
        self._router = Router()
        self._running: asyncio.TaskGroup | None = None
        self._connections: list[Connection] = []
        self._pairs: frozenset[tuple[str, str]] = frozenset()
        self._come: set[int] = set()  # connections that there have been
        self._had: dict[str, set[str]] = {}  # what those who have come had before, until that is settled
        self.first = self._add(0, will)

    def want(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Have exactly these from now on: a topic or filter, and the name of one who takes its packets (QoS 0)."""
        wanted = frozenset(pairs)
        self._remember(wanted)
        self._router.set_forwards(Forward(source, taker) for source, taker in wanted)
        for lane in self._router.lanes:
            touched, lane.touched = lane.touched, set()
            if lane.number == len(self._connections):
                connection = self._add(lane.number, None)
                if self._running is not None:
                    self._running.create_task(connection.run())
            again = [each for each in touched & lane.wanted.keys() if lane.wanted[each].unserved]
            self._connections[lane.number].follow(lane.wanted, again=again)

    async def run(self) -> None:
        """Keep the connections until cancelled."""
        async with asyncio.TaskGroup() as self._running:
            for connection in self._connections:
                self._running.create_task(connection.run())

    async def settled(self) -> None:
        """Return when what was asked for is in force, as far as there is a connection."""
        for connection in list(self._connections):
            await connection.settled()

    def _remember(self, wanted: frozenset[tuple[str, str]]) -> None:
        if all(connection.is_settled for connection in self._connections):
            self._had.clear()
        coming = {taker for _, taker in wanted - self._pairs} if self.first.connected else set()
        for source, taker in self._pairs if coming else ():
            if taker in coming:
                self._had.setdefault(taker, set()).add(source)
        self._pairs = wanted

    def _has_had(self, taker: str, topic: str) -> bool:
        return any(
            source == topic or (is_filter(source) and matches(source, topic)) for source in self._had.get(taker, ())
        )

    def _add(self, number: int, will: tuple[str, bytes] | None) -> Connection:
        connection = Connection(
            self._broker,
            self._client_id if number == 0 else f"{self._client_id}-{number + 1}",
            subscriptions=[],
            on_message=partial(self._received, number),
            on_connected=partial(self._connected, number),
            on_subscribing=partial(self._subscribing, number),
            will=will,
            when=self._when,
            quiet=True,
        )
        self._connections.append(connection)
        return connection

    def _lane(self, number: int) -> Lane | None:
        return self._router.lanes[number] if number < len(self._router.lanes) else None

    def _connected(self, number: int) -> None:
        if number in self._come:
            self._had.clear()
        self._come.add(number)
        if (lane := self._lane(number)) is not None:
            for subscription in lane.wanted.values():
                subscription.unserved = set(subscription.targets)
        if number == 0:
            self._on_connected()

    def _subscribing(self, number: int, filters: list[str]) -> None:
        lane = self._lane(number)
        wanted = lane.wanted if lane is not None else {}
        for topic_filter in filters:
            if (subscription := wanted.get(topic_filter)) is not None:
                subscription.served(settled=True)  # the connection waits for the retained packets of each SUBSCRIBE

    def _received(self, number: int, topic: str, payload: bytes, retained: bool) -> None:
        if (lane := self._lane(number)) is None:
            return
        match = self._router.match(lane, topic)
        if retained:
            match = match.retained()
        takers = [target.forward.target for target in match.targets]
        if retained and self._had:
            takers = [taker for taker in takers if not self._has_had(taker, topic)]
        if takers:
            self._on_packet(takers, topic, payload, retained)
