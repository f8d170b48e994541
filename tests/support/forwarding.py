"""A forwarder under test, and clients beside it, on a real broker or on one in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgflo.broker import Broker
from msgflo.paho_transport import Transport
from msgflo_host.dataplane.forwarder import Forward, Forwarder

__all__ = ["Client", "client", "forwarder"]

PATIENCE_S = 30
_numbers = itertools.count(1)


class Client:
    """Somebody else on the broker: publishes, and keeps what arrives."""

    def __init__(self, transport: Transport, received: list[tuple[str, bytes, bool]]) -> None:
        self.received = received
        self.publish = transport.publish
        self.subscribe = transport.subscribe
        self.transport = transport

    async def send(self, topic: str, *payloads: bytes, qos: int = 0) -> None:
        for payload in payloads:
            if not self.transport.ready:
                await self.transport.drain()
            self.publish(topic, payload, qos=qos)

    async def settle(self) -> None:
        """Wait until nothing is under way: what is published to the forwarder now comes last."""
        before = -1
        while before != len(self.received):
            before = len(self.received)
            await asyncio.sleep(0.2)


@asynccontextmanager
async def client(url: str, *topics: str, qos: int = 1) -> AsyncIterator[Client]:
    received: list[tuple[str, bytes, bool]] = []
    transport = Transport(
        Broker.parse(url), f"client-{next(_numbers)}", on_message=lambda *packet: received.append(packet)
    )
    await transport.connect()
    if topics:
        await transport.subscribe([(topic, qos) for topic in topics])
    try:
        yield Client(transport, received)
    finally:
        await transport.disconnect()


@asynccontextmanager
async def forwarder(url: str, *forwards: Forward, name: str = "forwarder") -> AsyncIterator[Forwarder]:
    made = Forwarder(Broker.parse(url), client_id=name, is_private=True)
    await made.start()
    async with asyncio.timeout(PATIENCE_S):
        while not made.stats().connected:
            await asyncio.sleep(0.005)
    await made.apply(forwards)
    try:
        yield made
    finally:
        await made.stop()
