"""Announcements of foreign devices: the packets, and the states that a coordinator sees."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memory_broker import MemoryBroker
from msgflo.paho_transport import Transport
from msgflo_host.components.foreign.announcer import Announcer, ForeignDevices
from msgflo_host.components.foreign.foreign_file import Foreign, load
from msgflo_host.errors import ForeignError
from msgflo_host.model.participants import Registry
from msgflo_host.wire import discovery
from simulation import beside, until

PLAIN = "component: home/Plain\ninports:\n  on: {queue: '#ROLE/on'}\noutports: {}\n"
WATCHED = PLAIN + "availability: {topic: '#ROLE/status', online: up, offline: down}\n"


@pytest.fixture
def device(tmp_path: Path) -> Callable[..., Foreign]:
    def make(text: str, role: str) -> Foreign:
        file = tmp_path / "device.yml"
        file.write_text(text)
        return load(file, role)

    return make


class Recorder:
    """Takes what is published, in place of a connection."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []

    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        self.sent.append((topic, payload, retain))

    def take(self) -> list[tuple[str, str]]:
        """Return topics with payloads, in short, and forget them."""
        sent, self.sent = self.sent, []
        return [
            (topic, json.loads(payload)["payload"]["id"] if payload[:1] == b"{" else payload.decode())
            for topic, payload, retain in sent
            if retain == (topic != "fbp")
        ]


def test_devices_are_announced_when_there_is_a_connection(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder, interval=30)
    announcer.set_desired([device(PLAIN, "a/b"), device(PLAIN, "c")])
    assert recorder.sent == []
    announcer.connected()
    first = discovery.parse(recorder.sent[0][1], topic=recorder.sent[0][0])
    assert (first.id, first.period, first.connection, first.extra) == ("a/b", 30, None, {"liveness": "traffic"})
    assert recorder.take() == [
        ("fbp/participant/a%2Fb", "a/b"),
        ("fbp", "a/b"),
        ("fbp/participant/c", "c"),
        ("fbp", "c"),
    ]
    announcer.repeat()
    assert recorder.take() == [("fbp", "a/b"), ("fbp", "c")]
    announcer.disconnected()
    announcer.repeat()
    assert recorder.take() == []


def test_the_availability_topic_decides_about_liveness(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.set_desired([device(WATCHED, "a")])
    assert announcer.topics == {"a/status"}
    announcer.connected()
    assert recorder.take() == [("fbp/participant/a", "a"), ("fbp/connection/foreign-a", ""), ("fbp", "a")]
    announcer.received("a/status", b"down")
    announcer.received("a/status", b"down")
    announcer.received("a/status", b"")
    assert recorder.take() == [("fbp/connection/foreign-a", "lost")]
    announcer.repeat()
    assert recorder.take() == []  # an announcement would make it look alive
    announcer.received("a/status", b"up")
    assert recorder.take() == [("fbp/connection/foreign-a", "online"), ("fbp", "a")]


def test_what_was_retained_is_known_before_the_first_announcement(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.set_desired([device(WATCHED, "a")])
    announcer.received("a/status", b"down", True)
    assert recorder.take() == []
    announcer.connected()
    assert recorder.take() == [("fbp/participant/a", "a"), ("fbp/connection/foreign-a", "lost")]


@pytest.mark.parametrize(
    ("declared", "online", "offline"),
    [
        ("{topic: t}", b"online", b'"offline"'),
        ("{topic: t, online: 1, offline: 0}", b"1", b"0"),
        ("{topic: t, online: true, offline: false}", b"true", b" false"),
        (
            "{topic: t, online: {state: online}, offline: {state: offline}}",
            b'{"state":"online"}',
            b'{"state": "offline"}',
        ),
        ('{topic: t, online: "{\'}", offline: é}', b"{'}", "é".encode()),
    ],
)
def test_payloads_may_be_texts_or_json(
    device: Callable[..., Foreign], declared: str, online: bytes, offline: bytes
) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.set_desired([device(f"{PLAIN}availability: {declared}\n", "a")])
    announcer.connected()
    recorder.take()
    announcer.received("t", offline)
    assert recorder.take() == [("fbp/connection/foreign-a", "lost")]
    announcer.received("t", online)
    assert recorder.take() == [("fbp/connection/foreign-a", "online"), ("fbp", "a")]


def test_a_payload_that_means_nothing_is_logged_once(
    device: Callable[..., Foreign], logged: pytest.LogCaptureFixture
) -> None:
    announcer = Announcer(Recorder())
    announcer.set_desired([device(WATCHED.replace("offline: down", "offline: {state: down}"), "a")])
    announcer.connected()
    for payload in (b"what?", b"\xff", b"[" * 100_000, b"1e999"):
        announcer.received("a/status", payload)
    assert [record.message for record in logged.records] == [
        'availability topic "a/status" has the payload "what?"; expected "up" or {"state": "down"}'
    ]


def test_devices_come_and_go_while_connected(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.connected()
    announcer.set_desired([device(PLAIN, "a"), device(WATCHED, "b")])
    recorder.take()
    announcer.set_desired([device(PLAIN, "a"), device(PLAIN, "c")])
    assert sorted(recorder.take()) == [
        ("fbp", "c"), ("fbp/connection/foreign-b", ""), ("fbp/participant/b", ""), ("fbp/participant/c", "c"),
    ]  # fmt: skip
    announcer.set_desired([device(PLAIN.replace("home/Plain", "home/Other"), "a")])
    assert sorted(recorder.take()) == [("fbp", "a"), ("fbp/participant/a", "a"), ("fbp/participant/c", "")]


def test_devices_with_the_same_id_are_refused(device: Callable[..., Foreign]) -> None:
    with pytest.raises(ForeignError, match="its id 'a' is also that of a"):
        Announcer(Recorder()).set_desired([device(PLAIN, "a"), device(WATCHED, "a")])


class Watcher:
    """The registry of a coordinator, on a connection of its own."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.registry = Registry()
        self.messages: list[tuple[str, bytes, bool]] = []
        self._transport = Transport(broker.address, "watcher", on_message=self._received)

    async def __aenter__(self) -> Watcher:
        await self._transport.connect()
        await self._transport.subscribe([("fbp", 1), ("fbp/participant/+", 1), ("fbp/connection/+", 1)])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.disconnect()

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        self.messages.append((topic, payload, retained))
        now = time.monotonic()
        client_id, id = discovery.connection_of(topic), discovery.participant_of(topic)
        if client_id is not None:
            status = discovery.parse_status(payload, topic=topic)
            self.registry.connection(client_id, status, now, retained=retained)
        elif id is not None and not payload:
            self.registry.remove(id, now)
        else:
            self.registry.discovered(discovery.parse(payload, topic=topic), now, retained=retained)

    def states(self) -> dict[str, str]:
        return {entry.participant.role: entry.state for entry in self.registry.all()}


@asynccontextmanager
async def watched(broker: MemoryBroker, devices: ForeignDevices) -> AsyncIterator[Watcher]:
    """What a coordinator sees of the announcements."""
    async with Watcher(broker) as watcher, beside(devices.run()):
        yield watcher


def retain(broker: MemoryBroker, topic: str, payload: str) -> None:
    """Publish as a device would."""
    broker.publish(topic, payload, retain=True)


async def test_the_state_of_a_device_is_that_of_its_availability_topic(
    broker: MemoryBroker, device: Callable[..., Foreign]
) -> None:
    devices = ForeignDevices(broker.address)
    devices.set_desired([device(WATCHED, "lamp/1"), device(PLAIN, "plain")])
    async with watched(broker, devices) as watcher:
        retain(broker, "lamp/1/status", "up")
        await until(lambda: watcher.states() == {"lamp/1": "alive", "plain": "alive"})
        retain(broker, "lamp/1/status", "down")
        await until(lambda: watcher.states() == {"lamp/1": "lost", "plain": "alive"})
        retain(broker, "lamp/1/status", "up")
        await until(lambda: watcher.states()["lamp/1"] == "alive")


async def test_devices_may_change_while_they_are_announced(
    broker: MemoryBroker, device: Callable[..., Foreign]
) -> None:
    devices = ForeignDevices(broker.address)
    devices.set_desired([device(PLAIN, "plain"), device(PLAIN, "gone")])
    async with watched(broker, devices) as watcher:
        await until(lambda: watcher.states() == {"plain": "alive", "gone": "alive"})
        devices.set_desired([device(PLAIN, "plain"), device(WATCHED, "lamp")])  # another topic to subscribe to
        await until(lambda: watcher.states() == {"plain": "alive", "lamp": "alive"})
        retain(broker, "lamp/status", "down")
        await until(lambda: watcher.states() == {"plain": "alive", "lamp": "lost"})


async def test_the_end_of_the_program_clears_them(broker: MemoryBroker, device: Callable[..., Foreign]) -> None:
    devices = ForeignDevices(broker.address)
    devices.set_desired([device(PLAIN, "plain")])
    async with watched(broker, devices) as watcher:
        await until(lambda: watcher.states() == {"plain": "alive"})
    assert broker.retained == {}
