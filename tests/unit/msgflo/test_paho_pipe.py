"""What paho takes for a socket, fed by hand: however the bytes are cut, and whatever they are."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from msgflo.broker import Broker
from msgflo.paho_transport import Transport


class Socket(asyncio.Transport):
    """Takes what is written; stands in for a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def feed(pieces: list[bytes]) -> tuple[list[tuple[str, bytes, bool]], Socket]:
    """Let a connected transport read some pieces; what its listener got, and the socket."""
    received: list[tuple[str, bytes, bool]] = []
    socket = Socket()

    async def open_by_hand(broker: Broker, protocol: asyncio.Protocol, seconds: float) -> None:
        protocol.connection_made(socket)
        asyncio.get_running_loop().call_soon(protocol.data_received, b"\x20\x02\0\0")

    async def main() -> None:
        import msgflo.paho_transport as module

        original, module.open_connection = module.open_connection, open_by_hand
        try:
            link = Transport(Broker.parse("localhost"), "id", on_message=lambda *packet: received.append(packet))
            await link.connect()
        finally:
            module.open_connection = original
        pipe = link._pipe
        for piece in pieces:
            pipe.data_received(piece)
        while pipe._backlog and not pipe.closing:
            await asyncio.sleep(0)
        for _ in range(3):  # paho writes in the next turn, the pipe in the one after
            await asyncio.sleep(0)
        pipe.connection_lost(None)

    asyncio.run(main())
    return received, socket


def frame(topic: str, payload: bytes, retain: bool, packet_id: int) -> bytes:
    body = len(topic.encode()).to_bytes(2, "big") + topic.encode()
    body += packet_id.to_bytes(2, "big") if packet_id else b""
    body += payload
    length = len(body)
    head = bytes((0x30 | (2 if packet_id else 0) | retain,))
    while length > 127:
        head += bytes((length & 127 | 128,))
        length >>= 7
    return head + bytes((length,)) + body


packets = st.tuples(
    st.sampled_from(["a", "é", "x" * 150]),
    st.sampled_from([b"", b"1", bytes(120), bytes(20_000)]) | st.binary(max_size=10),
    st.booleans(),
    st.sampled_from([0, 0, 1, 65535]),
)


@given(st.lists(packets, max_size=30), st.lists(st.integers(0, 1 << 20), max_size=40), st.sampled_from([1, 100]))
def test_however_the_bytes_are_cut_all_packets_arrive_once(
    sent: list[tuple[str, bytes, bool, int]], places: list[int], times: int
) -> None:
    data = b"".join(frame(*packet) for packet in sent) * times
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    received, socket = feed([data[start:end] for start, end in itertools.pairwise(edges)])
    assert received == [packet[:3] for packet in sent] * times
    assert not socket.aborted
    assert socket.written.count(b"\x40\x02") == sum(1 for packet in sent if packet[3]) * times


@settings(max_examples=300)
@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"\x30", b"\x30\x04\0\1ab", b"\x32", b"\x90\3\0"]), max_size=20)
)
def test_whatever_arrives_ends_at_worst_the_connection(pieces: list[bytes]) -> None:
    feed(pieces)
