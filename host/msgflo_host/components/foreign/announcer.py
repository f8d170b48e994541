"""Announces foreign devices: devices and programs that use MQTT and do not know MsgFlo.

    devices = ForeignDevices(Broker.parse("mqtt://localhost"))
    devices.set_desired([load("lamp.yml", role="lamp")])
    await devices.run()

An announcement by another program proves nothing about the device, so its liveness comes from elsewhere:

- With `availability`, the device is a connection of its own, `foreign-<id>`. Its availability topic decides whether
  `fbp/connection/foreign-<id>` is `online` or `lost`; while it is lost, it is not announced on `fbp`. Until the topic
  has a payload, the connection's state is cleared.
- Without, it is announced with `"liveness": "traffic"` and without `connection`: the time of the last packet on its
  topics counts.

At its end this program clears the announcements; when it is killed, they expire 2.2 periods later.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import msgspec

from msgflo import Broker, ConnectError, topics

from ...errors import ForeignError
from ...util.quoting import quoted
from ...wire import discovery
from ...wire.connection import Connection
from .foreign_file import Availability, Foreign, check_unique

__all__ = ["DEFAULT_INTERVAL_S", "Announcer", "ForeignDevices", "Publish"]

log = logging.getLogger("msgflo")

DEFAULT_INTERVAL_S = 60.0
SENT_PER_INTERVAL = 2.2


class Publish(Protocol):
    """Publishes a packet; called only while there is a connection."""

    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> object: ...


class Announcer:
    """Decides what is published for which device; without a clock and a connection of its own.

    `interval`, in seconds, is announced as the period within which the next message can be expected; ForeignError if
    it is none.
    """

    def __init__(self, publish: Publish, *, interval: float = DEFAULT_INTERVAL_S) -> None:
        if not 0 < interval <= discovery.MAX_PERIOD:
            raise ForeignError(
                f"interval is {interval} s; more than 0 s are needed, at most {discovery.MAX_PERIOD:.0f}"
            )
        self._publish = publish
        self._interval = interval
        self._devices: dict[str, Foreign] = {}
        self._online: dict[str, bool] = {}
        self._unknown_payloads: set[str] = set()
        self._to_clear: set[str] = set()
        self._connected = False

    @property
    def topics(self) -> frozenset[str]:
        """The topics whose packets `received` needs."""
        return frozenset(d.availability.topic for d in self._devices.values() if d.availability is not None)

    def set_desired(self, devices: Iterable[Foreign]) -> None:
        """Announce these devices and no others; ForeignError if two have the same id."""
        desired = list(devices)
        check_unique(desired)
        before, self._devices = self._devices, {device.participant.id: device for device in desired}
        for id, device in before.items():
            if id not in self._devices:
                self._to_clear.update(_retained(device))
                self._online.pop(id, None)
        for id, device in self._devices.items():
            self._to_clear.difference_update(_retained(device))
            if device.availability != getattr(before.get(id), "availability", None):
                self._online.pop(id, None)
            if self._connected and device != before.get(id):
                self._announce(device)
        self._clear()

    def connected(self) -> None:
        """Announce everything: there is a connection, and what was retained on `topics` has been received."""
        self._connected = True
        self._clear()
        for device in self._devices.values():
            self._announce(device)

    def disconnected(self) -> None:
        """Publish nothing until `connected` is called again."""
        self._connected = False

    def repeat(self) -> None:
        """Announce all again that are not lost; due every interval/2.2."""
        for id, device in self._devices.items():
            if self._connected and self._online.get(id) is not False:
                self._send(topics.DISCOVERY, self._message(device), retain=False)

    def received(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """Take a packet of an availability topic; a payload that means neither online nor offline is logged once."""
        for id, device in self._devices.items():
            availability = device.availability
            if availability is None or availability.topic != topic or not payload:
                continue
            online = _means(payload, availability)
            if online is None:
                self._log_unknown(topic, payload, availability)
            elif online != self._online.get(id):
                self._online[id] = online
                if self._connected:
                    self._announce(device, retained=False)

    def _announce(self, device: Foreign, *, retained: bool = True) -> None:
        participant, message = device.participant, self._message(device)
        online = self._online.get(participant.id)
        if retained:
            self._send(topics.participant_topic(participant.id), message, retain=True)
        if participant.connection is not None:
            # `lost` comes after the description, which would set it to alive again.
            status = {True: b"online", False: b"lost", None: b""}[online]
            self._send(topics.connection_topic(participant.connection), status, retain=True)
        if online is not False:
            self._send(topics.DISCOVERY, message, retain=False)

    def _clear(self) -> None:
        while self._connected and self._to_clear:
            self._send(self._to_clear.pop(), b"", retain=True)

    def _message(self, device: Foreign) -> bytes:
        return discovery.encode(msgspec.structs.replace(device.participant, period=self._interval))

    def _send(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._publish(topic, payload, qos=1, retain=retain)

    def _log_unknown(self, topic: str, payload: bytes, availability: Availability) -> None:
        if topic not in self._unknown_payloads:
            self._unknown_payloads.add(topic)
            texts = topic, payload[:60].decode(errors="replace"), availability.online, availability.offline
            shown = (quoted(text) if isinstance(text, str) else json.dumps(text) for text in texts)
            log.warning("availability topic %s has the payload %s; expected %s or %s", *shown)


class ForeignDevices:
    """Announces foreign devices on a connection of its own, until cancelled."""

    def __init__(
        self,
        broker: Broker,
        *,
        interval: float = DEFAULT_INTERVAL_S,
        client_id: str | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id or f"msgflo-foreign-{uuid.uuid4().hex[:12]}"
        self._interval = interval
        self._announcer = Announcer(self._publish, interval=interval)
        self._connection: Connection | None = None
        self._changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """True while the devices are announced on a connection."""
        return self._connection is not None and self._connection.connected

    def set_desired(self, devices: Iterable[Foreign]) -> None:
        """Announce these devices and no others, at once where there is a connection; ForeignError as `check_unique`."""
        self._announcer.set_desired(devices)
        self._changed.set()

    async def run(self) -> None:
        """Announce until cancelled. A broker that is away is tried again and again."""
        while True:
            subscribed = self._announcer.topics
            serving = asyncio.create_task(self._serve(subscribed))
            changed = asyncio.create_task(self._until_other_topics(subscribed))
            try:
                await asyncio.wait([serving, changed], return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                self._announcer.set_desired([])  # a clean end clears the announcements
                raise
            finally:
                await _cancel(serving, changed)

    async def _until_other_topics(self, subscribed: frozenset[str]) -> None:
        while self._announcer.topics == subscribed:
            self._changed.clear()
            await self._changed.wait()

    async def _serve(self, subscribed: frozenset[str]) -> None:
        self._connection = Connection(
            self._broker,
            self._client_id,
            subscriptions=sorted(subscribed),
            on_message=self._announcer.received,
            on_connected=self._announcer.connected,
            on_disconnected=self._announcer.disconnected,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run())
            tasks.create_task(self._repeat())

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self._interval / SENT_PER_INTERVAL)
            self._announcer.repeat()

    def _publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        if self._connection is not None:
            with suppress(ConnectError):  # it has just ended: everything is announced again on the next one
                self._connection.publish(topic, payload, qos=qos, retain=retain)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    """End tasks, and raise the exception of one that has failed."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)  # awaited one by one, they would swallow our own cancellation
    for task in tasks:
        if not task.cancelled():
            task.result()


def _retained(device: Foreign) -> Iterator[str]:
    yield topics.participant_topic(device.participant.id)
    if device.participant.connection is not None:
        yield topics.connection_topic(device.participant.connection)


def _means(payload: bytes, availability: Availability) -> bool | None:
    """Return True for the payload of online, False for that of offline, None for neither.

    The file has a text or another JSON value for each: `{state: online}` for Zigbee2MQTT.
    """
    for meaning, expected in ((True, availability.online), (False, availability.offline)):
        if isinstance(expected, str) and payload == expected.encode(errors="replace"):
            return meaning
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for meaning, expected in ((True, availability.online), (False, availability.offline)):
        if json.dumps(value, sort_keys=True) == json.dumps(expected, sort_keys=True):
            return meaning
    return None
