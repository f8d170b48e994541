"""The two ends of a forwarder: where packets come in and where they go out."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from . import frames
from .frames import Packet
from .link import Link
from .routing import Lane, Route

if TYPE_CHECKING:
    from .forwarder import Forwarder

__all__ = ["DROPPED", "Inlet", "Outlet"]

log = logging.getLogger("msgflo")

DROPPED = "$SYS/broker/publish/messages/dropped"  # mosquitto(8), BROKER STATUS
_QUEUE = "Mosquitto: max_queued_messages and max_queued_bytes"


class Inlet:
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
        if self._forwarder.ledger.receive(self.lane.number, packet, confirmed):
            for target in match.targets:
                if not target.forward.qos:
                    self._forwarder.publish_now(target, packet.payload)

    def others(self, route: Route, payload: bytes) -> None:
        for target in route.others:
            if target.forward.qos:
                self._forwarder.ledger.publish(target, payload)
            else:
                self._forwarder.publish_now(target, payload)

    def acknowledged(self, link: Link, packet_id: int) -> None:
        pass  # nothing is published here

    def passed_over(self, link: Link, packet: Packet, length: int) -> None:
        self._forwarder.passed_over(packet, length)
        if packet.qos:
            link.outgoing.append(frames.puback(packet.packet_id))

    def flush(self) -> None:
        self._forwarder.flush()

    def full(self, link: Link, full: bool) -> None:
        pass  # confirmations are small

    def lost(self, link: Link, reason: str) -> None:
        if link is self.link:
            self._forwarder.lost(link, reason)


class Outlet:
    """The end where packets go out."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.link: Link | None = None
        self.full_now = False
        self._dropped: int | None = None  # since the broker started; unknown before it says so
        self._forwarder = forwarder

    def route(self, link: Link, head: bytes, topic: str, payload_length: int) -> Route:
        raise NotImplementedError  # this link has no routes

    def others(self, route: Route, payload: bytes) -> None:
        raise NotImplementedError

    def packet(self, link: Link, packet: Packet) -> None:
        if packet.topic == DROPPED:
            with suppress(ValueError):
                self._count_dropped(int(packet.payload))
        else:
            self._forwarder.told(packet.topic, packet.payload)

    def acknowledged(self, link: Link, packet_id: int) -> None:
        self._forwarder.ledger.acknowledged(packet_id)

    def passed_over(self, link: Link, packet: Packet, length: int) -> None:
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
                _QUEUE,
            )
