"""Foreign devices, announced: what is published when, and what a coordinator makes of it."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker as Mosquitto
from msgflo import Broker
from msgflo.paho_transport import Transport
from msgflo_host import discovery
from msgflo_host.errors import ForeignError
from msgflo_host.foreign import Announcer, Foreign, ForeignDevices, load
from msgflo_host.participants import Registry

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
        """Return topics with what was said, in short, and forget them."""
        sent, self.sent = self.sent, []
        return [
            (topic, json.loads(payload)["payload"]["id"] if payload[:1] == b"{" else payload.decode())
            for topic, payload, retain in sent
            if retain == (topic != "fbp")
        ]


def test_devices_are_announced_when_there_is_a_connection(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder, interval=30)
    announcer.want([device(PLAIN, "a/b"), device(PLAIN, "c")])
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
    announcer.want([device(WATCHED, "a")])
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
    announcer.want([device(WATCHED, "a")])
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
    announcer.want([device(f"{PLAIN}availability: {declared}\n", "a")])
    announcer.connected()
    recorder.take()
    announcer.received("t", offline)
    assert recorder.take() == [("fbp/connection/foreign-a", "lost")]
    announcer.received("t", online)
    assert recorder.take() == [("fbp/connection/foreign-a", "online"), ("fbp", "a")]


def test_a_payload_that_means_nothing_is_logged_once(
    device: Callable[..., Foreign], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    announcer = Announcer(Recorder())
    announcer.want([device(WATCHED.replace("offline: down", "offline: {state: down}"), "a")])
    announcer.connected()
    for payload in (b"what?", b"\xff", b"[" * 100_000, b"1e999"):
        announcer.received("a/status", payload)
    assert [record.message for record in caplog.records] == [
        'availability topic "a/status" says "what?"; expected "up" or {"state": "down"}'
    ]


def test_one_availability_topic_may_stand_for_several_devices(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.want([device(WATCHED.replace("#ROLE/status", "bridge"), role) for role in ("a", "b")])
    announcer.connected()
    recorder.take()
    announcer.received("bridge", b"down")
    assert recorder.take() == [("fbp/connection/foreign-a", "lost"), ("fbp/connection/foreign-b", "lost")]


def test_devices_come_and_go_while_connected(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.connected()
    announcer.want([device(PLAIN, "a"), device(WATCHED, "b")])
    recorder.take()
    announcer.want([device(PLAIN, "a"), device(PLAIN, "c")])
    assert sorted(recorder.take()) == [
        ("fbp", "c"), ("fbp/connection/foreign-b", ""), ("fbp/participant/b", ""), ("fbp/participant/c", "c"),
    ]  # fmt: skip
    announcer.want([device(PLAIN.replace("home/Plain", "home/Other"), "a")])
    assert sorted(recorder.take()) == [("fbp", "a"), ("fbp/participant/a", "a"), ("fbp/participant/c", "")]


def test_what_was_taken_back_without_a_connection_is_cleared_with_the_next(device: Callable[..., Foreign]) -> None:
    recorder = Recorder()
    announcer = Announcer(recorder)
    announcer.want([device(PLAIN, "a"), device(PLAIN, "b")])
    announcer.want([device(PLAIN, "b")])
    announcer.want([device(PLAIN, "b"), device(PLAIN, "a")])
    announcer.want([device(PLAIN, "b")])
    announcer.connected()
    assert recorder.take() == [("fbp/participant/a", ""), ("fbp/participant/b", "b"), ("fbp", "b")]


def test_devices_with_the_same_id_are_refused(device: Callable[..., Foreign]) -> None:
    with pytest.raises(ForeignError, match="its id 'a' is also that of a"):
        Announcer(Recorder()).want([device(PLAIN, "a"), device(WATCHED, "a")])


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf")])
def test_an_interval_is_a_time(interval: float) -> None:
    with pytest.raises(ForeignError, match=r"interval is .* s; more than 0 s are needed"):
        Announcer(Recorder(), interval=interval)


class Watcher:
    """What a coordinator would know, from a connection to a real broker."""

    def __init__(self, url: str) -> None:
        self.registry = Registry()
        self.messages: list[tuple[str, bytes, bool]] = []
        self._transport = Transport(Broker.parse(url), "watcher", on_message=self._received)
        self._news = asyncio.Event()

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
        self._news.set()

    def states(self) -> dict[str, str]:
        return {entry.participant.role: entry.state for entry in self.registry.all()}

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, at most 30 s."""
        async with asyncio.timeout(30):
            while not condition():
                self._news.clear()
                await self._news.wait()


def scene(url: str, devices: ForeignDevices, play: Callable[[Watcher], Awaitable[None]]) -> None:
    """Run `play` beside the announcements."""

    async def run() -> None:
        async with Watcher(url) as watcher:
            announcing = asyncio.create_task(devices.run())
            try:
                await play(watcher)
            finally:
                announcing.cancel()
                with suppress(asyncio.CancelledError):
                    await announcing

    asyncio.run(run())


def publish(broker: Mosquitto, topic: str, payload: str) -> Coroutine[Any, Any, None]:
    """Publish as a device would, retained."""
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-r", "-q", "1", "-t", topic, "-m", payload]
    return asyncio.to_thread(lambda: subprocess.run(command, check=True, timeout=30) and None)


def test_a_device_is_as_alive_as_its_availability_topic_says(broker: Mosquitto, device: Callable[..., Foreign]) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(WATCHED, "lamp/1"), device(PLAIN, "plain")])

    async def play(watcher: Watcher) -> None:
        await publish(broker, "lamp/1/status", "up")
        await watcher.until(lambda: watcher.states() == {"lamp/1": "alive", "plain": "alive"})
        await publish(broker, "lamp/1/status", "down")
        await watcher.until(lambda: watcher.states() == {"lamp/1": "lost", "plain": "alive"})
        await publish(broker, "lamp/1/status", "up")
        await watcher.until(lambda: watcher.states()["lamp/1"] == "alive")

    scene(broker.url, devices, play)


def test_a_device_that_was_lost_before_is_lost_from_the_start(
    broker: Mosquitto, device: Callable[..., Foreign]
) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(WATCHED, "lamp")])

    async def play(watcher: Watcher) -> None:
        await watcher.until(lambda: watcher.states() == {"lamp": "lost"})
        assert not any(topic == "fbp" for topic, _, _ in watcher.messages)

    asyncio.run(publish(broker, "lamp/status", "down"))
    scene(broker.url, devices, play)


def test_devices_may_change_while_they_are_announced(broker: Mosquitto, device: Callable[..., Foreign]) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(PLAIN, "plain"), device(PLAIN, "gone")])

    async def play(watcher: Watcher) -> None:
        await watcher.until(lambda: watcher.states() == {"plain": "alive", "gone": "alive"})
        devices.want([device(PLAIN, "plain"), device(WATCHED, "lamp")])  # another topic to be heard
        await watcher.until(lambda: watcher.states() == {"plain": "alive", "lamp": "alive"})
        await publish(broker, "lamp/status", "down")
        await watcher.until(lambda: watcher.states() == {"plain": "alive", "lamp": "lost"})

    scene(broker.url, devices, play)


def test_it_ends_also_while_it_leaves_the_broker_to_hear_other_topics(
    broker: Mosquitto, device: Callable[..., Foreign], monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(PLAIN, "plain")])

    async def play() -> None:
        leaving, leave = asyncio.Event(), Transport.disconnect

        async def slowly(transport: Transport) -> None:
            leaving.set()
            await asyncio.sleep(0.2)
            await leave(transport)

        monkeypatch.setattr(Transport, "disconnect", slowly)
        announcing = asyncio.create_task(devices.run())
        async with asyncio.timeout(20):
            while not devices.connected:
                await asyncio.sleep(0.01)
            devices.want([device(WATCHED, "lamp")])
            await leaving.wait()
            announcing.cancel()
            await asyncio.wait([announcing])
        assert announcing.cancelled()

    asyncio.run(play())


def test_devices_are_announced_again_and_again(broker: Mosquitto, device: Callable[..., Foreign]) -> None:
    devices = ForeignDevices(Broker.parse(broker.url), interval=0.22)
    devices.want([device(PLAIN, "plain")])

    async def play(watcher: Watcher) -> None:
        await watcher.until(lambda: [topic for topic, _, _ in watcher.messages].count("fbp") >= 4)

    scene(broker.url, devices, play)


def test_after_a_broker_restart_everything_is_announced_again(
    broker: Mosquitto, device: Callable[..., Foreign]
) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(PLAIN, "plain")])

    async def restarted(watcher: Watcher) -> None:
        await watcher.until(lambda: watcher.states() == {"plain": "alive"})
        await asyncio.to_thread(broker.restart)
        async with Watcher(broker.url) as later:
            await later.until(lambda: any(topic == "fbp" for topic, _, _ in later.messages))

    scene(broker.url, devices, restarted)


def test_the_end_of_the_program_takes_them_back(broker: Mosquitto, device: Callable[..., Foreign]) -> None:
    devices = ForeignDevices(Broker.parse(broker.url))
    devices.want([device(PLAIN, "plain")])

    async def play(watcher: Watcher) -> None:
        await watcher.until(lambda: watcher.states() == {"plain": "alive"})

    async def look() -> None:
        async with Watcher(broker.url) as watcher:
            await asyncio.sleep(0.3)  # what is retained comes at once
            assert watcher.messages == []

    scene(broker.url, devices, play)
    asyncio.run(look())
