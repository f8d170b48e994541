"""A forwarder that does what stands in the broker, and needs nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from forwarding import Client, client
from memory_broker import MemoryBroker
from msgflo_host.dataplane.forwarder import Forwarder
from simulation import pass_time, until


def ask_for(broker: MemoryBroker, name: str, version: int, *forwards: dict[str, Any]) -> None:
    """Write a list, or remove it where there are no forwards."""
    found = {"version": version, "forwards": forwards}
    broker.publish(f"fbp/forward/{name}", found if forwards else "", retain=True)


def confirmed(broker: MemoryBroker, name: str) -> Any:
    """What is confirmed of a list."""
    return json.loads(broker.retained.get(f"fbp/forwarded/{name}", b"{}")).get("version")


@asynccontextmanager
async def forwarder(broker: MemoryBroker) -> AsyncIterator[Forwarder]:
    made = Forwarder(broker.address)
    await made.start()
    await until(lambda: state(broker) == b"online")
    try:
        yield made
    finally:
        await made.stop()


def state(broker: MemoryBroker) -> bytes | None:
    return broker.retained.get("fbp/connection/msgflo-forwarder")


def kill(forwarder: Forwarder) -> None:
    """As SIGKILL does: it has no time for a last word."""
    assert forwarder._task is not None
    forwarder._task.cancel()
    forwarder._task = None
    forwarder._disconnect("killed")


def payloads(other: Client) -> list[bytes]:
    return [payload for _, payload, _ in other.received]


async def test_it_forwards_what_the_lists_say_and_confirms_each(broker: MemoryBroker) -> None:
    ask_for(broker, "lamp", 5, {"source": "s", "target": "t", "qos": 1})
    async with forwarder(broker), client(broker.url, "t", "u") as other:
        await until(lambda: confirmed(broker, "lamp") == 5)
        broker.publish("s", "1")
        ask_for(broker, "fan", 1, {"source": "s", "target": "u"})
        await until(lambda: confirmed(broker, "fan") == 1)
        broker.publish("s", "2")
        ask_for(broker, "lamp", 6)
        await until(lambda: "fbp/forwarded/lamp" not in broker.retained)
        broker.publish("s", "3")
        await until(lambda: b"3" in payloads(other))
        assert sorted(packet[:2] for packet in other.received) == [
            ("t", b"1"), ("t", b"2"), ("u", b"2"), ("u", b"3"),
        ]  # fmt: skip
    assert state(broker) == b"offline"


async def test_what_is_sent_while_it_is_dead_is_forwarded_by_the_next_each_packet_once(broker: MemoryBroker) -> None:
    # Filters that overlap: the next one has them on the connections whose sessions have them, in whatever order they come.
    ask_for(broker, "a", 1, {"source": "in/+", "target": "wild", "qos": 1})
    async with client(broker.url, "wild", "one", "gone") as other:
        async with forwarder(broker) as first:
            await until(lambda: confirmed(broker, "a"))
            ask_for(broker, "b", 1, {"source": "in/1", "target": "one", "qos": 1})
            ask_for(broker, "c", 1, {"source": "c", "target": "gone", "qos": 1})
            await until(lambda: confirmed(broker, "b") and confirmed(broker, "c"))
            kill(first)
            await until(lambda: state(broker) == b"lost")
        ask_for(broker, "c", 2)
        for number in range(100):
            broker.publish("in/1", str(number))
            broker.publish("c", str(number))
        async with forwarder(broker):
            await until(lambda: len(other.received) >= 200)
            broker.publish("in/1", "100")
            await until(lambda: len(other.received) >= 202)
            for topic in ("wild", "one"):
                got = [int(payload) for where, payload, _ in other.received if where == topic]
                assert got == [*range(101)]
            assert "fbp/forwarded/c" not in broker.retained
    held = {filter for session in broker.sessions.values() for filter in session.filters}
    assert "c" not in held, "its session does not fill up with what nobody takes"


@pytest.mark.parametrize("forgets", [True, False], ids=["and has forgotten all", "and a list was removed"])
async def test_when_the_broker_was_away(broker: MemoryBroker, forgets: bool) -> None:
    ask_for(broker, "lamp", 1, {"source": "s", "target": "t"})
    async with forwarder(broker):
        await until(lambda: confirmed(broker, "lamp"))
        broker.stop()
        if forgets:
            broker.retained.clear()
            broker.sessions.clear()
        else:
            del broker.retained["fbp/forward/lamp"]
        broker.start()
        await until(lambda: state(broker) == b"online" and len(broker.clients()) == 2)
        async with client(broker.url, "t") as other:
            broker.publish("s", "1")
            await pass_time(5)
            assert payloads(other) == ([b"1"] if forgets else [])
            ask_for(broker, "lamp", 1, {"source": "s", "target": "t"})
            await until(lambda: confirmed(broker, "lamp"))
            broker.publish("s", "2")
            await until(lambda: b"2" in payloads(other))


async def test_it_says_again_what_it_has_confirmed_to_who_asks(broker: MemoryBroker) -> None:
    ask_for(broker, "lamp", 1, {"source": "s", "target": "t"})
    async with forwarder(broker), client(broker.url, "fbp/forwarded/lamp", "fbp/connection/+") as other:
        await until(lambda: confirmed(broker, "lamp"))
        other.received.clear()
        broker.publish("fbp/forwarded", "")
        await until(lambda: len(other.received) == 2)
        assert [packet[:2] for packet in other.received] == [
            ("fbp/forwarded/lamp", b'{"version":1,"lanes":[["s"]]}'),
            ("fbp/connection/msgflo-forwarder", b"online"),
        ]
