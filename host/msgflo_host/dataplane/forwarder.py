"""The forwarder: subscribes to the sources of forwards and publishes what comes on their targets, byte for byte,
or for a forward of `text` without the quotes of a JSON text.

A source may hold wildcards. A packet goes once to each target, also where several filters match it. It is asked for with
the highest QoS of the forwards that take it, and published with the QoS and the retain flag of each forward. With QoS 1
the broker gets the acknowledgement of a packet only when it has acknowledged every copy; after a lost connection the copies
that were not confirmed are sent again. The retained packet of a source goes to the targets of a forward when that forward
is new, and to all after a lost connection, since it may have changed meanwhile.

One connection publishes, another subscribes (a further one only where filters overlap): when the broker takes packets
more slowly than they come, reading stops, and with it what the broker sends.

The lists of forwards are retained in the broker (`wire.forward_list`), and the connections that subscribe have persistent
sessions. So no packet with QoS 1 is missed, whatever restarts, this program included.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from msgflo import Broker
from msgflo.errors import ConnectError, Error
from msgflo.topics import connection_topic

from ..util.log_filter import LogFilter
from ..wire import frames
from ..wire.forward_list import ASK_CONFIRMATIONS, ASK_LISTS, CLIENT_ID, CONFIRMED, LISTS
from ..wire.frames import Packet
from .applied_lists import Lists
from .inflight import Inflight
from .mqtt_link import LARGEST_PACKET, Link
from .routing import Lane, Match, Route, Router, Target

__all__ = ["Forwarder"]

log = logging.getLogger("msgflo")

_FIRST_RETRY_S = 0.05
_LONGEST_RETRY_S = 3.0
_STABLE_S = 2.0
_STOP_S = 2.0
_SHOWN = 100  # characters
_DROPPED = "$SYS/broker/publish/messages/dropped"  # mosquitto(8), BROKER STATUS
_QUEUE_SETTINGS = "Mosquitto: max_queued_messages and max_queued_bytes"


class Forwarder:
    """Applies the retained lists of a broker, which may come, go and restart.

    `on_state(connected, reason)` is called when that changes.
    """

    def __init__(
        self, broker: Broker, *, on_state: Callable[[bool, str], None] = lambda connected, reason: None
    ) -> None:
        self._broker = broker
        self._on_state = on_state
        self._state: tuple[bool, str] | None = None
        self._router = Router()
        self._inlets: dict[int, _Inlet] = {}
        self._outlet = _Outlet(self)
        self.inflight = Inflight(write=self._publish, confirm=self._confirm)
        self._task: asyncio.Task[None] | None = None
        self._connected = False
        self._has_connected = False
        self._blocked = False  # reading has been stopped
        self._is_leaving = False
        self._refused: set[str] = set()  # filters that the broker refuses
        self._lists = Lists()
        self._lists_changed = asyncio.Event()
        self._log_filter = LogFilter(once=True)

    async def start(self) -> None:
        """Begin to connect; returns at once, also where there is no broker yet."""
        self._is_leaving = False
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let packets under way arrive (at most 2 s), and end the connections; sessions stay, so that nothing is missed."""
        if self._task is None:
            return
        connected = self._connected
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        if connected:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._leave()
        self._disconnect("stopped")
        self._report(False, "stopped")

    # The connections.

    async def _run(self) -> None:
        delay = _FIRST_RETRY_S
        while True:
            began = time.monotonic()
            try:
                reason = await self._serve()
            except Error as error:
                reason = str(error)
            except Exception as error:  # a fault of ours ends a connection, and not all forwarding for good
                reason = f"{type(error).__name__} in the forwarder"
                if self._log_filter.is_new(repr(error)):
                    log.error("the forwarder has failed; it connects anew", exc_info=error)
            self._disconnect(reason)
            self._report(False, reason)
            if time.monotonic() - began > _STABLE_S:
                delay = _FIRST_RETRY_S
            await asyncio.sleep(delay * random.uniform(0.5, 1))
            delay = min(2 * delay, _LONGEST_RETRY_S)

    async def _serve(self) -> str:
        """Connect, and return why the connection has ended."""
        link = self._outlet.link = Link(self._broker, CLIENT_ID, self._outlet)
        await link.open(clean_session=True, will=(connection_topic(CLIENT_ID), "lost"))
        await self._read_lists(link)
        self.inflight.connected()
        for lane in self._router.lanes:
            lane.changed.update(lane.desired, lane.in_broker)
        await self._subscribe_changed()
        self._connected = self._has_connected = True
        await link.subscribe([(_DROPPED, 0)])
        self._report(True, "")
        self._publish_state("online")
        if self._lists.is_empty:
            self._publish(frames.publish(frames.text(ASK_LISTS), b"", qos=0, retain=False))
        applying = asyncio.create_task(self._apply_lists())
        try:
            either: list[asyncio.Future[Any]] = [link.ended, applying]
            await asyncio.wait(either, return_when=FIRST_COMPLETED)
            return await applying if applying.done() else link.ended.result()
        finally:
            applying.cancel()

    # The lists.

    async def _read_lists(self, link: Link) -> None:
        """Read the retained lists, and on the first connection where an earlier forwarder has subscribed."""
        self._lists.connected()
        await link.subscribe([(LISTS + "+", 0), (CONFIRMED + "+", 0), (ASK_CONFIRMATIONS, 0)])
        await link.settle()
        await link.unsubscribe([CONFIRMED + "+"])
        self._lists.all_read()
        if not self._has_connected:
            self._router.restore(self._lists.placed())
        self._router.set_forwards(self._lists.take())

    async def _apply_lists(self) -> NoReturn:
        """Apply each change, and confirm it."""
        while True:
            self._lists_changed.clear()
            began = time.monotonic()
            self._router.set_forwards(self._lists.take())
            if self._router.refused:
                self._log_filter.warn(
                    f"nothing is forwarded from {_some(self._router.refused)}: too many filters overlap"
                )
            await self._subscribe_changed()
            for topic, payload in self._lists.confirm(self._router.lane_of, self._refused | self._router.refused):
                self._publish(frames.publish(frames.text(topic), payload, qos=0, retain=True))
            self.flush()
            # Many changes in a row are applied together: half of the time is left.
            await asyncio.sleep(time.monotonic() - began)
            await self._lists_changed.wait()

    def control_packet(self, topic: str, payload: bytes) -> None:
        """Take a list, or a question for all confirmations."""
        if topic == ASK_CONFIRMATIONS:
            for packet in self._lists.confirmed():
                self._publish(frames.publish(frames.text(packet[0]), packet[1], qos=0, retain=True))
            self._publish_state("online")
        else:
            self._lists.received(topic, payload)
            self._lists_changed.set()

    def _publish_state(self, state: str) -> None:
        """Publish the state of this connection, as participants do."""
        topic = frames.text(connection_topic(CLIENT_ID))
        self._publish(frames.publish(topic, state.encode(), qos=0, retain=True))

    # The connections that subscribe.

    async def _open(self, lane: Lane) -> Link:
        """Open the connection of a lane."""
        inlet = self._inlets.get(lane.number)
        if inlet is None:
            inlet = self._inlets[lane.number] = _Inlet(self, lane, f"{CLIENT_ID}-{lane.number + 1}")
        outlet = self._outlet.link
        if outlet is None:
            raise ConnectError("the connection was lost meanwhile")
        link = Link(self._broker, inlet.client_id, inlet, sink=outlet, routes=lane.routes)
        inlet.link = link
        # A session, so that the broker queues packets with QoS 1 while the connection is lost.
        await link.open(clean_session=False)
        if self._outlet.link is not outlet:
            link.abort("the connection was lost meanwhile")
            raise ConnectError("the connection was lost meanwhile")
        if not link.session_present:
            lane.in_broker.clear()
            self.inflight.forget(lane.number)
        for subscription in lane.desired.values():
            subscription.unsubscribed = set(subscription.targets)
        self.regulate()
        return link

    async def _leave(self) -> None:
        self._is_leaving = True
        self.regulate()  # no packet is taken that could not be passed on
        while len(self.inflight):
            await asyncio.sleep(0.005)
        for inlet in self._inlets.values():
            if inlet.link is not None:
                await inlet.link.close()
        assert self._outlet.link is not None
        self._publish_state("offline")
        await self._outlet.link.close()

    def _disconnect(self, reason: str) -> None:
        self._connected = False
        self.inflight.disconnected()
        for link in self._links():
            link.abort(reason)
        self._outlet.link = None
        for inlet in self._inlets.values():
            inlet.link = None

    def _report(self, connected: bool, reason: str) -> None:
        if self._state != (connected, reason):
            self._state = (connected, reason)
            self._on_state(connected, reason)

    # Subscriptions.

    async def _subscribe_changed(self) -> None:
        """Subscribe and unsubscribe until nothing has changed meanwhile."""
        while True:
            pending = [lane for lane in self._router.lanes if lane.changed]
            if not pending:
                return
            for lane in pending:
                inlet = self._inlets.get(lane.number)
                link = inlet.link if inlet is not None and inlet.link is not None else await self._open(lane)
                await self._subscribe(lane, link)

    async def _subscribe(self, lane: Lane, link: Link) -> None:
        """Bring the subscriptions of a lane to the desired ones; raises ConnectError when the connection ends."""
        changed, lane.changed = lane.changed, set()
        gone = sorted(lane.in_broker.keys() & changed - lane.desired.keys())
        new = []
        for topic_filter in sorted(changed & lane.desired.keys()):
            subscription = lane.desired[topic_filter]
            qos = subscription.qos
            if subscription.unsubscribed or lane.in_broker.get(topic_filter, -1) < qos:
                subscription.subscribing(settled=link.settled)
                new.append((topic_filter, qos))
        for topic_filter in gone:
            del lane.in_broker[topic_filter]
        lane.in_broker.update(new)
        await link.unsubscribe(gone)
        refused = await link.subscribe(new)
        for topic_filter in refused:
            lane.in_broker.pop(topic_filter, None)
            if topic_filter not in self._refused:
                log.warning(
                    "%s refused the subscription to %r: nothing is forwarded from it", self._broker, topic_filter
                )
        self._refused -= changed
        self._refused.update(refused)

    # Called by inlets and outlet.

    def match(self, lane: Lane, packet: Packet) -> Match:
        """Find the targets of a packet that takes the slow way."""
        match = self._router.match(lane, packet.topic)
        return match.retained() if packet.retain else match

    def route(self, lane: Lane, head: bytes, topic: str, payload_length: int) -> Route:
        """Find the targets of packets that begin with `head`."""
        return self._router.route(lane, head, topic, payload_length)

    def too_large(self, packet: Packet, length: int) -> None:
        """Log a packet that is too large."""
        log.warning(
            "a packet of %d bytes on %r was not forwarded: more than %d bytes", length, packet.topic, LARGEST_PACKET
        )

    def publish_now(self, target: Target, payload: bytes) -> None:
        """Publish with QoS 0."""
        self._publish(frames.publish(target.topic, target.written(payload), qos=0, retain=target.forward.retain))

    def regulate(self) -> None:
        """Stop reading while too much waits to be written or confirmed."""
        self._blocked = self._is_leaving or self.inflight.full or self._outlet.full_now
        for link in self._links():
            if link is not self._outlet.link:
                link.block(self._blocked)

    def flush(self) -> None:
        """Write all that has been collected."""
        if self._blocked is not (self._is_leaving or self.inflight.full or self._outlet.full_now):
            self.regulate()
        for link in self._links():
            link.flush()

    def lost(self, link: Link, reason: str) -> None:
        """One connection has ended: all end, and are made anew together."""
        if self._outlet.link is not None and link is not self._outlet.link and not self._is_leaving:
            self._outlet.link.abort(reason)

    def _links(self) -> list[Link]:
        links = [self._outlet.link, *(inlet.link for inlet in self._inlets.values())]
        return [link for link in links if link is not None]

    def _publish(self, packet: bytes) -> None:
        if self._outlet.link is not None:
            self._outlet.link.outgoing.append(packet)

    def _confirm(self, lane: int, packet_id: int) -> None:
        link = self._inlets[lane].link
        if link is not None:
            link.outgoing.append(frames.puback(packet_id))


class _Inlet:
    """The end where the packets of a lane come in."""

    def __init__(self, forwarder: Forwarder, lane: Lane, client_id: str) -> None:
        self.lane = lane
        self.client_id = client_id
        self.link: Link | None = None
        self._forwarder = forwarder

    def route(self, link: Link, head: bytes, topic: str, payload_length: int) -> Route:
        return self._forwarder.route(self.lane, head, topic, payload_length)

    def packet(self, link: Link, packet: Packet) -> None:
        match = self._forwarder.match(self.lane, packet)
        confirmed = [target for target in match.targets if target.forward.qos]
        if self._forwarder.inflight.receive(self.lane.number, packet, confirmed):
            for target in match.targets:
                if not target.forward.qos:
                    self._forwarder.publish_now(target, packet.payload)

    def others(self, route: Route, payload: bytes) -> None:
        for target in route.others:
            if target.forward.qos:
                self._forwarder.inflight.publish(target, payload)
            else:
                self._forwarder.publish_now(target, payload)

    def acknowledged(self, link: Link, packet_id: int) -> None:
        pass  # nothing is published here

    def too_large(self, link: Link, packet: Packet, length: int) -> None:
        self._forwarder.too_large(packet, length)
        self._forwarder.inflight.receive(self.lane.number, packet, ())  # in its turn it is acknowledged

    def flush(self) -> None:
        self._forwarder.flush()

    def full(self, link: Link, full: bool) -> None:
        pass  # confirmations are small

    def lost(self, link: Link, reason: str) -> None:
        if link is self.link:
            self._forwarder.lost(link, reason)


class _Outlet:
    """The end where packets go out."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.link: Link | None = None
        self.full_now = False
        self._dropped: int | None = None  # since the broker started; unknown at first
        self._forwarder = forwarder

    def route(self, link: Link, head: bytes, topic: str, payload_length: int) -> Route:
        raise NotImplementedError  # this link has no routes

    def others(self, route: Route, payload: bytes) -> None:
        raise NotImplementedError

    def packet(self, link: Link, packet: Packet) -> None:
        if packet.topic == _DROPPED:
            with suppress(ValueError):
                self._count_dropped(int(packet.payload))
        else:
            self._forwarder.control_packet(packet.topic, packet.payload)

    def acknowledged(self, link: Link, packet_id: int) -> None:
        self._forwarder.inflight.acknowledged(packet_id)

    def too_large(self, link: Link, packet: Packet, length: int) -> None:
        pass

    def flush(self) -> None:
        self._forwarder.flush()

    def full(self, link: Link, full: bool) -> None:
        self.full_now = full
        self._forwarder.regulate()

    def lost(self, link: Link, reason: str) -> None:
        if link is self.link:
            self.full_now = False
            self._forwarder.lost(link, reason)

    def _count_dropped(self, total: int) -> None:
        before, self._dropped = self._dropped, total
        if before is not None and total > before:
            log.warning(
                "the broker has dropped %d packets for clients that are slower than its queue allows (%s)",
                total - before,
                _QUEUE_SETTINGS,
            )


def _some(filters: set[str]) -> str:
    """Name the first of these filters, and how many others there are."""
    others = f" and {len(filters) - 1} others" if len(filters) > 1 else ""
    return f"{min(filters)[:_SHOWN]!r}{others}"
