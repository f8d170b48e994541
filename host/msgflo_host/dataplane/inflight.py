"""QoS 1: packets in flight, and the received packets that they are copies of. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..wire import frames
from ..wire.frames import Packet
from .routing import Target

__all__ = ["Inflight"]

_IN_FLIGHT = 1000  # packets under way at a time; the packet id would allow 65535
_FULL, _EMPTY = 4000, 1000  # packets that wait: no more should be read, more may be read again


@dataclass(slots=True, eq=False)
class _Receipt:
    """A packet that came with QoS 1, to be confirmed when all its copies have been."""

    lane: int
    packet: Packet
    missing: int
    valid: bool = True
    """Whether the packet id means this packet on the present connection: then it is in the lane's queue."""


@dataclass(slots=True, eq=False)
class _Copy:
    """A packet that is published with QoS 1."""

    target: Target
    payload: bytes
    receipt: _Receipt | None


class Inflight:
    """Packets under way with QoS 1.

    `write(packet)` sends to the broker, `confirm(lane, packet_id)` acknowledges a packet from a lane: in the order in which
    they came (MQTT 3.1.1, 4.6), though their copies may be confirmed in another.
    """

    def __init__(self, *, write: Callable[[bytes], None], confirm: Callable[[int, int], None]) -> None:
        self._write = write
        self._confirm = confirm
        self._in_flight: dict[int, _Copy] = {}
        self._waiting: deque[_Copy] = deque()
        self._receipts: dict[tuple[int, int], _Receipt] = {}
        self._arrived: defaultdict[int, deque[_Receipt]] = defaultdict(deque)  # by lane, on the present connection
        self._last_id = 0
        self._connected = False
        self.full = False
        """Whether no more should be read until the broker has confirmed some."""

    def __len__(self) -> int:
        """Return the number of packets that the broker has not confirmed."""
        return len(self._in_flight) + len(self._waiting)

    def receive(self, lane: int, packet: Packet, targets: Sequence[Target]) -> bool:
        """Publish a packet from a lane to some targets that ask for QoS 1; False when this was already under way."""
        receipt = None
        if packet.qos:
            key = (lane, packet.packet_id)
            known = self._receipts.get(key)
            # Some brokers deliver again without saying so (aedes); the id is that of the earlier delivery even then.
            if known is not None and (packet.again or not known.valid) and _same(known.packet, packet):
                if not known.valid:
                    known.valid = True
                    self._arrived[lane].append(known)
                self._settle(lane)
                return False
            receipt = self._receipts[key] = _Receipt(lane, packet, len(targets))
            self._arrived[lane].append(receipt)
            self._settle(lane)
        for target in targets:
            self.publish(target, packet.payload, receipt)
        return True

    def publish(self, target: Target, payload: bytes, receipt: _Receipt | None = None) -> None:
        """Publish a packet, now or when others have been confirmed."""
        self._waiting.append(_Copy(target, target.written(payload), receipt))
        self._send()

    def acknowledged(self, packet_id: int) -> None:
        """Note that the broker has confirmed a packet."""
        copy = self._in_flight.pop(packet_id, None)
        if copy is None:
            return
        if copy.receipt is not None:
            copy.receipt.missing -= 1
            self._settle(copy.receipt.lane)
        self._send()

    def connected(self) -> None:
        """There is a connection: send what waits."""
        self._connected = True
        self._send()

    def disconnected(self) -> None:
        """The connection is gone: all that was under way waits again, and packet ids have lost their meaning."""
        self._connected = False
        for receipt in self._receipts.values():
            receipt.valid = False
        self._arrived.clear()
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()

    def forget(self, lane: int) -> None:
        """The broker has forgotten what it had sent on a lane, and will not ask for confirmations."""
        for key in [key for key in self._receipts if key[0] == lane]:
            del self._receipts[key]

    def _settle(self, lane: int) -> None:
        # Without a valid id a receipt stays: the broker will send the packet again, and need not have it published twice.
        arrived = self._arrived[lane]
        while arrived:
            receipt = arrived[0]
            key = (lane, receipt.packet.packet_id)
            is_current = self._receipts.get(key) is receipt  # else the broker has used its id anew
            if is_current and receipt.missing:
                return
            arrived.popleft()
            if is_current:
                del self._receipts[key]
                self._confirm(*key)

    def _send(self) -> None:
        waiting, in_flight = self._waiting, self._in_flight
        while waiting and self._connected and len(in_flight) < _IN_FLIGHT:
            copy = waiting.popleft()
            packet_id = self._next_id()
            in_flight[packet_id] = copy
            target = copy.target
            retain = target.forward.retain
            self._write(frames.publish(target.topic, copy.payload, qos=1, retain=retain, packet_id=packet_id))
        self.full = len(waiting) > (_EMPTY if self.full else _FULL)

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % 65535 + 1
            if self._last_id not in self._in_flight:
                return self._last_id


def _same(one: Packet, other: Packet) -> bool:
    return one.topic == other.topic and one.payload == other.payload
