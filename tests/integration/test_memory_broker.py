"""The broker in memory of the unit tests does what Mosquitto does: the same conversation, held with either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from brokers import Broker
from event_loop import run_simulated, run_within
from memory_broker import MemoryBroker
from msgflo_host.wire import frames

Talk = list[tuple[str, object]]


class Client(asyncio.Protocol):
    """A connection, packet by packet; `received` is what has come, in words."""

    def __init__(self) -> None:
        self.received: Talk = []
        self._data = b""
        self._changed = asyncio.Event()
        self._pongs = 0
        self._packet_id = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while len(self._data) > 1 and (decoded := frames.length(self._data, 0)) is not None:
            length, start = decoded
            if len(self._data) < start + length:
                break
            packet, self._data = self._data[: start + length], self._data[start + length :]
            self._take(packet, start)
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.received.append(("closed", None))
        self._changed.set()

    def _take(self, packet: bytes, start: int) -> None:
        kind, content = packet[0] & 0xF0, packet[start:]
        if kind == frames.PUBLISH:
            found = frames.read_publish(packet, packet[0], start, len(packet))
            self.received.append(("publish", found._replace(packet_id=0)))
            if found.qos and found.payload != b"unconfirmed":
                self.transport.write(frames.puback(found.packet_id))
        elif kind == frames.PINGRESP:
            self._pongs += 1
        else:
            self.received.append((hex(kind), content))

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def ping(self) -> None:
        """Wait until all that was sent before has been answered."""
        before = self._pongs
        self.transport.write(frames.PINGREQ)
        await self.until(lambda: self._pongs > before)

    async def leave(self) -> None:
        """Say goodbye, and wait until the broker has closed the connection."""
        self.transport.write(frames.DISCONNECT)
        await self.until(lambda: ("closed", None) in self.received)

    def subscribe(self, *filters: tuple[str, int]) -> None:
        self._packet_id += 1
        self.transport.write(frames.subscribe(self._packet_id, filters))

    def unsubscribe(self, *filters: str) -> None:
        self._packet_id += 1
        self.transport.write(frames.unsubscribe(self._packet_id, filters))

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        self._packet_id += qos
        self.transport.write(
            frames.publish(frames.text(topic), payload, qos=qos, retain=retain, packet_id=self._packet_id)
        )


async def client(port: int, name: str, *, clean: bool = True, will: tuple[str, bytes, bool] | None = None) -> Client:
    """Connect, and wait for the answer."""
    _, connection = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    packet = frames.connect(name, keepalive=60, clean_session=clean)
    if will is not None:
        topic, payload, retain = will
        content = bytearray(packet[2:])
        content[7] |= 4 | 8 | retain << 5  # with QoS 1
        content += frames.text(topic) + len(payload).to_bytes(2, "big") + payload
        packet = bytes((packet[0], len(content))) + bytes(content)
    connection.transport.write(packet)
    await connection.until(lambda: bool(connection.received))
    return connection


def words(conversation: Talk) -> Talk:
    """With what came together in the order of topics, which brokers choose."""
    return sorted(conversation, key=repr)


async def converse(port: int) -> list[Talk]:
    """Have clients do all that unit tests rely on; returns what each has received, step by step."""
    reported: list[Talk] = []

    async def step(*clients: Client) -> None:
        for each in clients:
            await each.ping()
        for each in clients:
            reported.append(words(each.received))
            each.received = []

    alice, bob = await client(port, "alice"), await client(port, "bob")
    # What is retained comes with a subscription, marked; later packets are not.
    alice.publish("room/1/light", b"1", retain=True)
    alice.publish("room/2/light", b"2", qos=1, retain=True)
    alice.publish("room/3/light", b"3")
    await step(alice)
    bob.subscribe(("room/1/light", 1), ("room/+/light", 0), ("nothing", 1))
    await step(bob)
    alice.publish("room/2/light", b"4", qos=1, retain=True)
    alice.publish("else", b"5", qos=1)
    await step(alice, bob)
    bob.unsubscribe("room/1/light", "room/+/light")
    bob.subscribe(("#", 1))
    await step(bob)
    # An empty one takes back what was retained; who subscribes again is sent again what is retained.
    alice.publish("room/1/light", b"", qos=1, retain=True)
    await step(alice, bob)
    bob.subscribe(("#", 0))
    await step(bob)
    alice.publish("room/2/light", b"", retain=True)
    await step(alice, bob)
    # Who asks for the same session again gets what it has not confirmed, and what came meanwhile, but no subscription twice.
    carol = await client(port, "carol", clean=False)
    carol.subscribe(("post", 1), ("noise", 0))
    await step(carol)
    alice.publish("post", b"unconfirmed", qos=1)
    await step(alice, carol)
    await carol.leave()
    bob.received = []
    alice.publish("post", b"meanwhile", qos=1)
    alice.publish("post", b"not stored")
    await step(alice)
    carol = await client(port, "carol", clean=False)
    await step(carol)
    alice.publish("noise", b"6", qos=1)
    await step(alice, carol)
    await carol.leave()
    carol = await client(port, "carol")  # a clean one is without
    alice.publish("noise", b"7", qos=1)
    await step(alice, carol)
    # A will is published where the connection ends by itself, and where its name is taken; not after a goodbye.
    bob.received = []
    dave = await client(port, "dave", will=("fbp/connection/dave", b"lost", True))
    dave.transport.abort()
    await bob.until(lambda: bool(bob.received))
    await step(bob)
    dave = await client(port, "dave", will=("fbp/connection/dave", b"taken", False))
    other = await client(port, "dave", will=("fbp/connection/dave", b"never", False))
    await dave.until(lambda: ("closed", None) in dave.received)
    await bob.until(lambda: bool(bob.received))
    await step(other, bob)
    await other.leave()
    alice.subscribe(("fbp/connection/+", 1))
    await step(alice, bob)
    for each in (alice, bob, carol):
        each.transport.write(frames.DISCONNECT)
    return reported


def test_the_broker_in_memory_shows_what_mosquitto_shows(broker: Broker) -> None:
    real: list[Talk] = []
    in_memory: list[Talk] = []

    async def with_mosquitto() -> None:
        real.extend(await converse(broker.port))

    async def with_memory() -> None:
        with MemoryBroker() as memory:
            in_memory.extend(await converse(memory.address.port))

    run_within(60, with_mosquitto)
    run_simulated(with_memory)
    assert in_memory == real
