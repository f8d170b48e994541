"""QoS 1: nothing is confirmed to its source before every copy is, and nothing is lost with a connection."""

from __future__ import annotations

import pytest

from msgflo_host.dataplane.inflight import Inflight
from msgflo_host.dataplane.routing import Target
from msgflo_host.wire import frames
from msgflo_host.wire.forward_list import Forward
from msgflo_host.wire.frames import Packet

X = Target(Forward("s", "x", 1, False), frames.text("x"))
Y = Target(Forward("s", "y", 1, True), frames.text("y"))


class Wire:
    """A inflight, and what it has written and confirmed."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.confirmed: list[tuple[int, int]] = []
        self.inflight = Inflight(
            write=self.written.append, confirm=lambda lane, packet_id: self.confirmed.append((lane, packet_id))
        )
        self.inflight.connected()

    def published(self) -> list[tuple[str, bytes, int]]:
        """Topic, payload and packet id of what was written since the last call."""
        packets = []
        for data in self.written:
            decoded = frames.length(data, 0)
            assert decoded is not None
            packet = frames.read_publish(data, data[0], decoded[1], len(data))
            packets.append((packet.topic, packet.payload, packet.packet_id))
        self.written.clear()
        return packets


def packet(payload: bytes, packet_id: int, *, again: bool = False) -> Packet:
    return Packet("s", payload, 1 if packet_id else 0, False, again, packet_id)


def test_a_packet_is_confirmed_when_all_its_copies_are() -> None:
    wire = Wire()
    assert wire.inflight.receive(0, packet(b"1", 7), [X, Y])
    assert wire.published() == [("x", b"1", 1), ("y", b"1", 2)]
    wire.inflight.acknowledged(2)
    assert wire.confirmed == []
    wire.inflight.acknowledged(2)
    wire.inflight.acknowledged(99)
    assert wire.confirmed == []
    wire.inflight.acknowledged(1)
    assert wire.confirmed == [(0, 7)]
    assert len(wire.inflight) == 0


def test_a_packet_without_targets_is_confirmed_at_once() -> None:
    wire = Wire()
    wire.inflight.receive(3, packet(b"1", 7), [])
    assert wire.confirmed == [(3, 7)]


def test_packets_of_a_lane_are_confirmed_in_the_order_in_which_they_came_and_lanes_do_not_wait_for_each_other() -> None:
    wire = Wire()
    wire.inflight.receive(0, packet(b"1", 7), [X])
    wire.inflight.receive(0, packet(b"2", 8), [])
    wire.inflight.receive(0, packet(b"3", 9), [X])
    wire.inflight.receive(1, packet(b"4", 7), [])
    wire.inflight.acknowledged(2)
    assert wire.confirmed == [(1, 7)]
    wire.inflight.acknowledged(1)
    assert wire.confirmed[1:] == [(0, 7), (0, 8), (0, 9)]


def test_after_a_lost_connection_packets_are_confirmed_in_the_order_in_which_they_come_again() -> None:
    wire = Wire()
    for number in (7, 8):
        wire.inflight.receive(0, packet(b"%d" % number, number), [X])
    wire.inflight.disconnected()
    wire.inflight.connected()
    wire.inflight.acknowledged(4)
    for number in (7, 8):
        wire.inflight.receive(0, packet(b"%d" % number, number, again=True), [X])
    assert wire.confirmed == []
    wire.inflight.acknowledged(3)
    assert wire.confirmed == [(0, 7), (0, 8)]


def test_after_a_lost_connection_all_that_was_not_confirmed_is_sent_again_in_order() -> None:
    wire = Wire()
    for i in range(3):
        wire.inflight.receive(0, packet(b"%d" % i, 0), [X])
    wire.inflight.acknowledged(2)
    wire.inflight.disconnected()
    wire.published()
    wire.inflight.receive(0, packet(b"3", 0), [X])
    assert wire.published() == []
    wire.inflight.connected()
    assert [payload for _, payload, _ in wire.published()] == [b"0", b"2", b"3"]


@pytest.mark.parametrize("said", [True, False])
def test_what_the_broker_delivers_again_is_not_published_twice(said: bool) -> None:
    wire = Wire()
    wire.inflight.receive(0, packet(b"1", 7), [X])
    wire.inflight.disconnected()
    wire.inflight.connected()
    assert [payload for _, payload, _ in wire.published()] == [b"1", b"1"]
    assert not wire.inflight.receive(0, packet(b"1", 7, again=said), [X])
    assert wire.published() == []
    wire.inflight.acknowledged(2)
    assert wire.confirmed == [(0, 7)]


def test_what_comes_like_an_earlier_packet_after_a_lost_connection_may_be_a_new_one_and_is_published() -> None:
    wire = Wire()
    wire.inflight.receive(0, packet(b"pressed", 7), [X])
    wire.inflight.acknowledged(1)
    wire.inflight.disconnected()  # and the broker uses the id anew: for one that the connection swallowed
    wire.inflight.connected()
    wire.published()
    assert wire.inflight.receive(0, packet(b"pressed", 7, again=True), [X])
    assert [payload for _, payload, _ in wire.published()] == [b"pressed"]


def test_what_was_confirmed_before_the_broker_delivers_it_again_is_confirmed_then() -> None:
    wire = Wire()
    wire.inflight.receive(0, packet(b"1", 7), [X])
    wire.inflight.disconnected()
    wire.inflight.connected()
    wire.inflight.acknowledged(2)
    assert wire.confirmed == []
    assert not wire.inflight.receive(0, packet(b"1", 7, again=True), [X])
    assert wire.confirmed == [(0, 7)]


def test_a_new_packet_with_an_old_packet_id_is_not_confirmed_by_the_old_ones_copies() -> None:
    wire = Wire()
    wire.inflight.receive(0, packet(b"old", 7), [X])
    wire.inflight.disconnected()
    wire.inflight.connected()
    assert wire.inflight.receive(0, packet(b"new", 7, again=True), [X])
    wire.inflight.acknowledged(2)
    assert wire.confirmed == []
    wire.inflight.acknowledged(3)
    assert wire.confirmed == [(0, 7)]


def test_a_lane_whose_session_is_gone_forgets_its_packet_ids() -> None:
    wire = Wire()
    for lane in (0, 1):
        wire.inflight.receive(lane, packet(b"1", 7), [X])
    wire.inflight.disconnected()
    wire.inflight.forget(0)
    wire.inflight.connected()
    wire.published()
    assert wire.inflight.receive(0, packet(b"1", 7, again=True), [X])
    assert not wire.inflight.receive(1, packet(b"1", 7, again=True), [X])
    assert len(wire.published()) == 1


def test_the_number_of_packets_under_way_is_bounded_and_reading_stops_in_time() -> None:
    wire = Wire()
    count = 0
    while not wire.inflight.full:
        wire.inflight.publish(X, b"%d" % count)
        count += 1
    sent = wire.published()
    assert len(sent) == 1000
    assert count < 10_000
    received = [payload for _, payload, _ in sent]
    while sent:
        for _, _, packet_id in sent:
            wire.inflight.acknowledged(packet_id)
        sent = wire.published()
        received += [payload for _, payload, _ in sent]
    assert received == [b"%d" % i for i in range(count)]
    assert not wire.inflight.full


def test_packet_ids_are_used_again() -> None:
    wire = Wire()
    wire.inflight.publish(X, b"stays")
    wire.published()
    for _ in range(70_000):
        wire.inflight.publish(X, b"")
        ((_, _, packet_id),) = wire.published()
        assert 1 < packet_id < 65536
        wire.inflight.acknowledged(packet_id)
