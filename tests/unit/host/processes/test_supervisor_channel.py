"""What a process reads of its supervisor before it has an event loop."""

from __future__ import annotations

import asyncio
import socket

from msgflo_host.processes.supervisor_channel import Channel, receive_first


def test_the_first_message_is_read_and_the_next_ones_are_left_to_the_channel() -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(b'{"number": 1}\n{"number": 2}\n{"num')
    ours.sendall(b'ber": 3}\n')
    ours.close()

    async def rest() -> list[dict[str, int] | None]:
        channel = await Channel.over(theirs)
        try:
            return [await channel.receive() for _ in range(3)]
        finally:
            channel.close()

    assert receive_first(theirs) == {"number": 1}
    assert asyncio.run(rest()) == [{"number": 2}, {"number": 3}, None]


def test_there_is_no_first_message_where_the_other_end_is_gone() -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(b'{"number"')
    ours.close()
    with theirs:
        assert receive_first(theirs) is None
