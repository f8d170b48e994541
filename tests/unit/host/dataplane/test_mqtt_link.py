"""A link of the forwarder, fed by hand: however the bytes are cut, and whatever they are."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from msgflo.broker import Broker
from msgflo_host.dataplane.mqtt_link import Link
from msgflo_host.dataplane.routing import Route, Router
from msgflo_host.wire import frames
from msgflo_host.wire.forward_list import Forward
from msgflo_host.wire.frames import Packet


class Socket(asyncio.Transport):
    """Takes what is written; stands in for a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Owner:
    """Forwards `s/+` to `t`, and stores the packets that take the slow way."""

    def __init__(self) -> None:
        self.router = Router()
        self.router.set_forwards([Forward("s/+", "t"), Forward("s/+", "numbered", 1)])
        self.slow: list[Packet] = []
        self.numbered: list[bytes] = []
        self.confirmed: list[int] = []
        self.link: Link | None = None

    def route(self, link: Link, head: bytes, topic: str, payload_length: int) -> Route:
        return self.router.route(self.router.lanes[0], head, topic, payload_length)

    def packet(self, link: Link, packet: Packet) -> None:
        self.slow.append(packet)

    def others(self, route: Route, payload: bytes) -> None:
        self.numbered.append(payload)

    def acknowledged(self, link: Link, packet_id: int) -> None:
        self.confirmed.append(packet_id)

    def too_large(self, link: Link, packet: Packet, length: int) -> None:
        raise AssertionError(packet)

    def flush(self) -> None:
        assert self.link is not None
        self.link.flush()

    def full(self, link: Link, full: bool) -> None:
        pass

    def lost(self, link: Link, reason: str) -> None:
        pass


def feed(pieces: list[bytes]) -> tuple[Owner, Socket]:
    """Let a link read some pieces."""
    owner, socket = Owner(), Socket()

    async def main() -> None:
        link = Link(Broker.parse("localhost"), "id", owner, routes=owner.router.lanes[0].routes)
        owner.link = link
        link.connection_made(socket)
        for piece in pieces:
            link.data_received(piece)

    asyncio.run(main())
    return owner, socket


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


packets = st.builds(
    Packet,
    topic=st.sampled_from(["s/a", "s/é", "other", "s/" + "x" * 150]),
    payload=st.sampled_from([b"", b"1", bytes(120), bytes(20_000)]) | st.binary(max_size=10),
    qos=st.just(0),
    retain=st.booleans(),
    again=st.just(False),
    packet_id=st.just(0),
) | st.builds(
    Packet,
    topic=st.just("s/a"),
    payload=st.binary(max_size=5),
    qos=st.just(1),
    retain=st.booleans(),
    again=st.just(False),
    packet_id=st.integers(1, 65535),
)


@given(st.lists(packets, max_size=30), st.lists(st.integers(0, 1 << 20), max_size=40))
def test_however_the_bytes_are_cut_all_packets_are_forwarded_once(sent: list[Packet], places: list[int]) -> None:
    data = b"".join(
        frames.publish(frames.text(p.topic), p.payload, qos=p.qos, retain=p.retain, packet_id=p.packet_id) for p in sent
    )
    data += frames.puback(7)
    owner, socket = feed(cut(data, places))
    usual = [p.payload for p in sent if not p.qos and not p.retain and p.topic.startswith("s/")]
    assert socket.written == b"".join(frames.publish(b"\0\1t", payload, qos=0, retain=False) for payload in usual)
    assert owner.numbered == usual
    assert owner.slow == [p for p in sent if p.qos or p.retain]
    assert owner.confirmed == [7]
    assert not socket.aborted


async def test_a_broker_that_answers_something_else_before_a_ping_is_not_left() -> None:
    owner, socket = Owner(), Socket()
    link = owner.link = Link(Broker.parse("mqtt://localhost"), "link", owner)
    link.connection_made(socket)
    link._send_ping()
    subscribing = asyncio.create_task(link.subscribe([("s", 0)]))
    await asyncio.sleep(0)
    link.data_received(b"\x90\x03\0\x01\0")
    await subscribing
    link._send_ping()
    assert not socket.aborted
    link._send_ping()  # for half the keep-alive time it has said nothing at all
    assert socket.aborted
