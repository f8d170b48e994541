"""The coordinator's own MQTT connection: it reconnects, subscribes again, and logs each error once."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgflo import Broker, ConnectError, Error, SubscribeError
from msgflo.paho_transport import Transport, is_login_refused

__all__ = ["Connection"]

log = logging.getLogger("msgflo")

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 5.0
SNAPSHOT_TIMEOUT_S = 10.0
ALONE = 3
"""Failures in a row, while another connection stays, after which a quiet one logs its error."""

OnMessage = Callable[[str, bytes, bool], None]


class Connection:
    """A connection that reconnects: `run` serves it until it is cancelled.

    ``on_message(topic, payload, retained)`` gets every packet. ``on_connected()`` is called after each connection, once
    every retained message of the subscriptions has been handed over. ``will``, a topic and a payload, is published retained
    by the broker when this program dies.
    It connects only while `when` is set. A `quiet` one leaves it to another connection of this program, which sets `when`, to
    log errors, unless this one alone has one. With `raises_refused`, a login that the broker refuses ends `run`, unless an
    earlier one was accepted; else it is tried again, as every other error is.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        subscriptions: Sequence[str],
        on_message: OnMessage,
        on_connected: Callable[[], None] = lambda: None,
        on_disconnected: Callable[[], None] = lambda: None,
        will: tuple[str, bytes] | None = None,
        when: asyncio.Event | None = None,
        quiet: bool = False,
        raises_refused: bool = False,
    ) -> None:
        self.broker = broker
        self.client_id = client_id
        self.connected = False
        self.trouble = ""
        """Why there was no connection at the last attempt, or why it ended."""
        self.refused = False
        """Whether the broker refused the login at the last attempt."""
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._on_message, self._on_connected, self._on_disconnected = on_message, on_connected, on_disconnected
        self._will = will
        self._when = when
        self.quiet = quiet
        self._raises_refused = raises_refused
        self._transport: Transport | None = None
        # No retained message can follow a packet that was published after the subscription was acknowledged.
        self._marker_topic = f"fbp/coordinator/{uuid.uuid4().hex}"
        self._marker: asyncio.Event = asyncio.Event()
        self._logged: tuple[int, str] | None = None  # with which level
        self._failures = 0  # since the subscriptions were last complete
        self._held = False  # whether it was, on this connection
        self._filters: frozenset[str] = frozenset()
        self._filters_changed = asyncio.Event()
        self._settled = asyncio.Event()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Publish when connected; False when not (`on_connected` lets the caller publish its state again)."""
        if self._transport is None or not self.connected:
            return False
        try:
            self._transport.publish(topic, payload, qos=qos, retain=retain)
        except ConnectError:  # it has just ended
            return False
        return True

    def set_filters(self, filters: Iterable[str]) -> None:
        """Besides `subscriptions`, have exactly these topics or filters subscribed (QoS 0), now and on later connections."""
        chosen = frozenset(filters)
        if chosen != self._filters:
            self._filters = chosen
            self._settled.clear()
            self._filters_changed.set()

    async def settled(self) -> None:
        """Return when the broker has all filters of `set_filters`, or there is no connection."""
        if self.connected:
            await self._settled.wait()

    async def run(self) -> None:
        """Connect and reconnect until cancelled; then leave cleanly. Raises Refused only as `raises_refused` says.

        A broker that cannot be reached is retried after 0.1 s, doubling to 5 s, with jitter; each new error
        is logged once.
        """
        delay = FIRST_RETRY_S
        while True:
            if self._when is not None and not self._when.is_set():
                self._failures = 0  # the other one was gone, too
                await self._when.wait()
            try:
                why = await self._serve()
            except (Error, TimeoutError):
                if self.refused and self._raises_refused:
                    raise
                self._log_error("check user name and password; " if self.refused else "")
            else:
                if self._held:
                    log.log(self._level, "%s: connection lost (%s); trying again", self.broker, why)
                    self._logged, delay = None, FIRST_RETRY_S
                else:  # maybe because of a subscription, each time anew
                    self._log_error()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, LONGEST_RETRY_S)

    async def _serve(self) -> str:
        """One connection from connect to its end; returns why it ended."""
        self._held = False
        transport = Transport(self.broker, self.client_id, on_message=self._receive)
        helpers: list[asyncio.Task[Any]] = []
        try:
            await transport.connect(self._will)
            self._transport, self._raises_refused = transport, False
            closed = asyncio.create_task(transport.closed())
            ready = asyncio.create_task(self._become_ready(transport))
            helpers = [closed, ready]
            await asyncio.wait(helpers, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                await ready
                self._announce_connected()
                subscribing = asyncio.create_task(self._keep_subscribed(transport))
                helpers.append(subscribing)
                await asyncio.wait([closed, subscribing], return_when=asyncio.FIRST_COMPLETED)
                if subscribing.done():
                    await subscribing  # which ends by an error alone, as where the broker answers no more
            why = str(await closed)
            self.trouble, self.refused = f"{self.broker}: {why}", False
            return why
        except (Error, TimeoutError) as error:
            self.trouble, self.refused = str(error) or f"{self.broker}: no answer in time", is_login_refused(error)
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            self.connected, self._transport = False, None
            self._settled.set()  # nobody need wait for what is not there
            self._on_disconnected()
            await transport.disconnect()

    async def _become_ready(self, transport: Transport) -> None:
        await transport.subscribe([*self._subscriptions, (self._marker_topic, 1)])
        try:
            await self._read_retained(transport)
        except TimeoutError:
            raise TimeoutError(
                f"{self.broker}: nothing that is published below fbp/coordinator/ has come back within "
                f"{SNAPSHOT_TIMEOUT_S:g} s: its access rules may forbid it (docs/broker.md)"
            ) from None

    async def _read_retained(self, transport: Transport) -> None:
        """Return when every retained message of what was subscribed to has come; raises TimeoutError."""
        self._marker.clear()
        transport.publish(self._marker_topic, b"all retained messages are before this", qos=1)
        async with asyncio.timeout(SNAPSHOT_TIMEOUT_S):
            await self._marker.wait()

    async def _keep_subscribed(self, transport: Transport) -> None:
        """Have the broker send what `set_filters` asks for; raises ConnectError where it does not answer."""
        there: frozenset[str] = frozenset()
        while True:
            self._filters_changed.clear()
            filters = self._filters
            new = sorted(filters - there)
            # First what is new, so that nothing is missed where one filter takes the place of another.
            if new:
                try:
                    await transport.subscribe([(topic, 0) for topic in new])
                except SubscribeError as error:
                    log.warning("%s", error)
            await transport.unsubscribe(sorted(there - filters))
            if new:
                try:
                    await self._read_retained(transport)
                except TimeoutError:
                    log.debug("%s: %s: the retained packets take long", self.broker, self.client_id)
            there = filters
            if filters == self._filters:
                self._announce_settled()
            await self._filters_changed.wait()

    def _announce_connected(self) -> None:
        self.connected = True
        self._settled.clear()  # the filters are subscribed to next
        self._on_connected()

    def _announce_settled(self) -> None:
        self._settled.set()
        self._held, self._failures = True, 0
        if self._logged:
            who = f"{self.client_id}: {self.broker}" if self.quiet else self.broker
            log.log(min(self._logged[0], logging.INFO), "%s: connected", who)
            self._logged = None

    def _receive(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._marker_topic:
            self._marker.set()
        else:
            self._on_message(topic, payload, retained)

    @property
    def _level(self) -> int:
        """The level at which errors are logged."""
        alone = self._failures >= ALONE and self._when is not None and self._when.is_set()
        return logging.DEBUG if self.quiet and not alone else logging.ERROR

    def _log_error(self, hint: str = "") -> None:
        self._failures += 1
        message = f"{self.client_id}: {self.trouble}" if self.quiet else self.trouble
        if (self._level, message) == self._logged:
            return
        self._logged = self._level, message
        log.log(self._level, "%s (%strying again until it works)", message, hint)
