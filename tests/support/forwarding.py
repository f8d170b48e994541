"""A forwarder under test, and clients beside it, on a real broker or on one in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgflo.broker import Broker
from msgflo.paho_transport import Transport
from msgflo_host.dataplane.forwarder import Forwarder
from msgflo_host.wire.forward_list import (
    CONFIRMED,
    LISTS,
    Confirmation,
    Forward,
    ForwardList,
    read_confirmation,
    write_list,
)

__all__ = ["LIST", "Client", "Forwarding", "client", "forwarder"]

LIST = LISTS + "test"
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


class Forwarding:
    """A forwarder, and what a coordinator would do beside it: `apply` writes its list and waits for the confirmation."""

    def __init__(self, url: str) -> None:
        self.states: list[bool] = []
        """Whether it was connected, after each change."""
        self.made = Forwarder(Broker.parse(url), on_state=lambda connected, reason: self.states.append(connected))
        self._url = url
        self._version = 0

    @property
    def connected(self) -> bool:
        return self.states[-1:] == [True]

    @property
    def connections(self) -> int:
        """How many times it has connected."""
        return self.states.count(True)

    async def apply(self, *forwards: Forward) -> Confirmation:
        """Have exactly these forwards."""
        self._version += 1
        async with client(self._url, CONFIRMED + "test", qos=0) as other:
            other.publish(LIST, write_list(ForwardList(self._version, frozenset(forwards))), qos=1, retain=True)
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    found = read_confirmation(other.received[-1][1]) if other.received else None
                    if found is not None and found.version == self._version:
                        return found
                    await asyncio.sleep(0.005)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def forwarder(url: str, *forwards: Forward) -> AsyncIterator[Forwarding]:
    forwarding = Forwarding(url)
    await forwarding.made.start()
    try:
        await forwarding.until(lambda: forwarding.connected)
        if forwards:
            await forwarding.apply(*forwards)
        yield forwarding
    finally:
        await forwarding.made.stop()
