"""One MQTT connection of the forwarder: an asyncio protocol that does few, large reads and writes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, cast

from msgflo import Broker
from msgflo.errors import ConnectError, Refused
from msgflo.paho_open import open_connection
from msgflo.paho_pacing import PAUSE_S, Pacing

from ..wire import frames
from ..wire.frames import MalformedPacket, Packet
from .routing import Route

__all__ = ["LARGEST_PACKET", "Link", "Owner"]

CONNECT_S = 10
_CLOSE_S = 2
KEEPALIVE_S = 30
LARGEST_PACKET = 32 * 1024 * 1024
"""A larger packet is skipped, for it would have to be held in memory."""

_WRITE_HIGH, _WRITE_LOW = 1 << 20, 1 << 18  # bytes to be written: reading stops, goes on
_FILTERS_A_PACKET = 500
_HEAD = 2 + 65535 + 2  # the longest topic and a packet id


class Owner(Protocol):
    """Decides what happens to the packets of a link."""

    def route(self, link: Link, head: bytes, topic: str, payload_length: int) -> Route:
        """Return what to do with QoS 0 packets that begin with `head`."""

    def packet(self, link: Link, packet: Packet) -> None:
        """Take a retained packet, one with QoS 1, or any where there are no routes."""

    def others(self, route: Route, payload: bytes) -> None:
        """Publish to the targets of a route that ask for QoS 1."""

    def acknowledged(self, link: Link, packet_id: int) -> None:
        """Take note that the broker has confirmed a packet of ours."""

    def too_large(self, link: Link, packet: Packet, length: int) -> None:
        """Take note of a packet that is too large; its payload is missing."""

    def flush(self) -> None:
        """Write what was published during a read."""

    def full(self, link: Link, full: bool) -> None:
        """Take note that too much waits to be written, or no longer."""

    def lost(self, link: Link, reason: str) -> None:
        """Take note of the end."""


class Link(asyncio.Protocol):
    """A connection from `open` until `ended` is done, with the reason as its result."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        owner: Owner,
        *,
        sink: Link | None = None,
        routes: dict[bytes, Route] | None = None,
    ) -> None:
        self.client_id = client_id
        self.session_present = False
        self.settled = True
        """Whether everything that subscriptions have brought has arrived."""
        self._has_settled = asyncio.Event()
        self.outgoing: list[bytes] = []
        """Packets that the next `flush` writes."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._owner = owner
        self._sink = sink or self  # where forwarded packets are written
        self._routes = routes
        self._transport: asyncio.Transport | None = None
        self._reason: str | None = None
        self._connack: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._packet_ids = itertools.cycle(range(1, 65536))
        self._ping: asyncio.TimerHandle | None = None
        self._pings = self._pongs = self._settling_ping = self._unanswered_ping = 0
        self._heard = False  # anything since the last ping
        self._chunks: list[bytes] = []  # received, not cut into packets
        self._have = 0
        self._need = 2
        self._skip = 0  # bytes of a packet that is skipped
        self._pacing = Pacing()
        self._blocked = False  # from outside
        self._pausing = False  # for a moment
        self._closing = False

    # Connecting and the end.

    async def open(self, *, clean_session: bool, will: tuple[str, str] | None = None) -> None:
        """Connect; raises ConnectError or Refused with what is wrong.

        The `will`, a topic and a payload, is published retained by the broker when this program dies.
        """
        broker = self._broker
        try:
            await open_connection(broker, self, CONNECT_S)
            self._write(
                frames.connect(
                    self.client_id,
                    keepalive=KEEPALIVE_S,
                    clean_session=clean_session,
                    user=broker.user,
                    password=broker.password,
                    will=will,
                )
            )
            async with asyncio.timeout(CONNECT_S):
                await self._connack
        except TimeoutError:
            self.abort("no answer")
            raise ConnectError(f"{broker}: no answer within {CONNECT_S} s") from None
        except BaseException:
            self.abort("not connected")
            raise
        self._send_ping()

    async def close(self) -> None:
        """Send DISCONNECT, and wait until it closes the connection (at most 2 s)."""
        if self._transport is None or self.ended.done():
            return
        # Were it us, its answers still under way would make TCP throw away what we sent last.
        self.outgoing.append(frames.DISCONNECT)
        self.flush()
        self._closing = True
        self.block(False)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await asyncio.shield(self.ended)
        self._transport.abort()

    def abort(self, reason: str) -> None:
        """Close at once."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()
        elif not self.ended.done():
            self.ended.set_result(self._reason)

    @property
    def open_now(self) -> bool:
        """Whether packets can be written."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(_WRITE_HIGH, _WRITE_LOW)

    def connection_lost(self, error: Exception | None) -> None:
        if self._ping is not None:
            self._ping.cancel()
        orderly = error is None or isinstance(error, ConnectionError)
        reason = self._reason or ("the broker closed the connection" if orderly else str(error))
        trouble = ConnectError(f"{self._broker}: {reason}")
        futures: list[asyncio.Future[None] | asyncio.Future[bytes]] = [self._connack, *self._answers.values()]
        for future in futures:
            if not future.done():
                future.set_exception(trouble)
                future.exception()  # nobody may be waiting any more
        self._answers.clear()
        self._has_settled.set()
        if not self.ended.done():
            self.ended.set_result(reason)
        self._owner.lost(self, reason)

    def _send_ping(self) -> None:
        """Keep the connection alive, and end it when the broker answers nothing, not even subscriptions before the ping."""
        if not self._blocked and not self._heard and self._unanswered_ping > self._pongs:
            self.abort(f"no answer from the broker within {KEEPALIVE_S // 2} s")
            return
        self._pings, self._heard = self._pings + 1, False
        self._unanswered_ping = 0 if self._blocked else self._pings
        self._write(frames.PINGREQ)
        self._ping = asyncio.get_running_loop().call_later(KEEPALIVE_S / 2, self._send_ping)

    # Subscribing.

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> list[str]:
        """Subscribe to some `(filter, qos)`, wait for the answers, and return the filters that were refused."""
        parts = [filters[i : i + _FILTERS_A_PACKET] for i in range(0, len(filters), _FILTERS_A_PACKET)]
        answers = []
        for part in parts:
            packet_id, answer = self._request()
            self.outgoing.append(frames.subscribe(packet_id, part))
            answers.append(answer)
        if parts:
            # Brokers answer in order: the answer to this follows the retained packets.
            self._pings += 1
            self._settling_ping = self._pings
            self.settled = False
            self._has_settled.clear()
            self.outgoing.append(frames.PINGREQ)
        self.flush()
        refused: list[str] = []
        for part, answer in zip(parts, answers, strict=True):
            codes = await answer
            refused += [asked[0] for asked, code in zip(part, codes, strict=False) if code & 0x80]
        return refused

    async def settle(self) -> None:
        """Return when all that subscriptions have brought has arrived, or there is no connection."""
        if self.open_now and not self.settled:
            await self._has_settled.wait()

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        """Unsubscribe from some filters and wait for the answers."""
        answers = []
        for i in range(0, len(filters), _FILTERS_A_PACKET):
            packet_id, answer = self._request()
            self.outgoing.append(frames.unsubscribe(packet_id, filters[i : i + _FILTERS_A_PACKET]))
            answers.append(answer)
        self.flush()
        for answer in answers:
            await answer

    def _request(self) -> tuple[int, asyncio.Future[bytes]]:
        if not self.open_now:
            raise ConnectError(f"{self._broker}: {self._reason or 'the connection has ended'}")
        packet_id = next(number for number in self._packet_ids if number not in self._answers)
        answer = self._answers[packet_id] = asyncio.get_running_loop().create_future()
        return packet_id, answer

    # Writing.

    def flush(self) -> None:
        """Write what has been collected, in one call."""
        if self.outgoing:
            data = b"".join(self.outgoing)
            self.outgoing.clear()
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._owner.full(self, True)

    def resume_writing(self) -> None:
        self._owner.full(self, False)

    # Reading.

    def block(self, block: bool) -> None:
        """Stop reading, or go on."""
        self._blocked = block
        self._set_reading()

    def _release(self) -> None:
        self._pausing = False
        self._set_reading()

    def _set_reading(self) -> None:
        if self.open_now:
            assert self._transport is not None
            if self._blocked or self._pausing:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self._heard = True
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._chunks:
            self._chunks.append(data)
            self._have += len(data)
            if self._have < self._need:
                return
            data = b"".join(self._chunks)
        try:
            packets = self._cut(data)
        except MalformedPacket as error:
            self.abort(f"malformed packet from the broker: {error}")
            return
        self._owner.flush()
        if packets and self._pacing.pause(packets, time.monotonic()):
            self._pausing = True
            self._set_reading()
            asyncio.get_running_loop().call_later(PAUSE_S, self._release)

    def _cut(self, data: bytes) -> int:
        """Handle all whole packets, store the rest, and return how many there were.

        All that is known about packets of one topic and one length is found at once by the bytes that they begin with:
        this is where a forwarder spends its time.
        """
        routes = self._routes
        usual = 0x30 if routes is not None else -1  # PUBLISH, QoS 0, not retained
        add = self._sink.outgoing.append
        size = len(data)
        at = packets = 0
        need = 2
        while size - at > 1:
            first = data[at]
            length = data[at + 1]
            start = at + 2
            if length > 127:
                decoded = frames.length(data, at)
                if decoded is None:
                    need = size - at + 1
                    break
                length, start = decoded
            end = start + length
            if end > size:
                need = end - at
                if length > LARGEST_PACKET:
                    need = start - at + _HEAD
                    if size - at >= need:
                        self._skip_packet(data, first, start, length)
                        self._skip = end - size
                        at, need = size, 2
                break
            if first == usual and length > 1:
                topic_end = start + 2 + (data[start] << 8 | data[start + 1])
                head = data[at:topic_end]
                route = routes.get(head)  # type: ignore[union-attr]
                if route is None:
                    packet = frames.read_publish(data, first, start, end)
                    route = self._owner.route(self, head, packet.topic, len(packet.payload))
                payload = data[topic_end:end]
                for target in route.heads:
                    add(target)
                    add(payload)
                if route.others:
                    self._owner.others(route, payload)
            else:
                self._other(data, first, start, end)
            packets += 1
            at = end
        rest = data[at:]
        self._chunks = [rest] if rest else []
        self._have = len(rest)
        self._need = need
        return packets

    def _other(self, data: bytes, first: int, start: int, end: int) -> None:
        """Handle a packet that is none of the usual."""
        kind = first & 0xF0
        if kind == frames.PUBLISH:
            self._owner.packet(self, frames.read_publish(data, first, start, end))
        elif kind == frames.PUBACK:
            self._owner.acknowledged(self, frames.packet_id(data, start, end))
        elif kind in (frames.SUBACK, frames.UNSUBACK):
            answer = self._answers.pop(frames.packet_id(data, start, end), None)
            if answer is not None and not answer.done():
                answer.set_result(data[start + 2 : end])
        elif kind == frames.PINGRESP:
            self._pongs += 1
            if self._pongs >= self._settling_ping:
                self.settled = True
                self._has_settled.set()
        elif kind == frames.CONNACK and end - start == 2:
            self._accept(data[start], data[start + 1])
        else:
            raise MalformedPacket(f"its first byte is 0x{first:02x}")

    def _accept(self, flags: int, code: int) -> None:
        if self._connack.done():
            raise MalformedPacket("a second CONNACK")
        self.session_present = bool(flags & 1)
        if code:
            self._connack.set_exception(Refused(code, self._broker))
        else:
            self._connack.set_result(None)

    def _skip_packet(self, data: bytes, first: int, start: int, length: int) -> None:
        if first & 0xF0 != frames.PUBLISH:
            raise MalformedPacket(f"{length} bytes long")
        self._owner.too_large(self, frames.read_publish(data, first, start, len(data)), length)
