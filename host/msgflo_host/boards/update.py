"""Updating a board over MQTT: carries out a `Transfer` on a connection to the broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping

from msgflo import Broker
from msgflo.topics import connection_topic

from ..errors import FlashError
from ..wire.connection import Connection
from .update_transfer import Transfer

__all__ = ["BACK_WITHIN", "PRESENT_WITHIN", "REACHED_WITHIN", "NotReached", "update"]

REACHED_WITHIN = 12.0
"""Seconds in which the broker answers: one attempt to connect takes 10 at most."""
PRESENT_WITHIN = 30.0
"""Seconds in which a board that does not sleep answers."""
BACK_WITHIN = 300.0
"""Seconds in which a board is heard again that has answered once: enough for a version that fails three times."""
_TICK = 0.25

log = logging.getLogger("msgflo")


class NotReached(FlashError):
    """This machine has had no connection to the broker."""


async def update(
    broker: Broker,
    image: Mapping[str, bytes],
    *,
    name: str,
    version: str,
    key: bytes,
    asleep: float | None = None,
    on_progress: Callable[[Transfer], None] = lambda transfer: None,
    reaches: Broker | None = None,
) -> Transfer:
    """Update the board `name` and wait until it runs the new version; `on_progress` is called after each step.

    `asleep` is how many seconds a board that sleeps may take to wake up: a retained packet keeps it awake
    until the update is over, unless another client had done so before. `reaches` is the broker that the new version is to
    reach, for the error's text. Raises FlashError where the board is not heard, or does not run the new version then;
    NotReached where the broker is not.
    """
    role = f"{name}-board"
    transfer = Transfer(image, role=role, version=version, key=key)
    shell = _Shell(broker, transfer, role, stay_awake=asleep is not None, on_progress=on_progress)
    to = f"; the new version was to reach {reaches}" if reaches is not None else ""
    try:
        await shell.run(PRESENT_WITHIN if asleep is None else asleep + PRESENT_WITHIN)
    except FlashError as error:
        if transfer.phase == "restarting":
            error.message += to
        raise
    if transfer.phase != "done":
        tried = transfer.tried and "did not reach the broker" in transfer.why
        raise FlashError(f"board {name!r} was not updated: {transfer.why}{to if tried else ''}")
    return transfer


class _Shell:
    def __init__(
        self,
        broker: Broker,
        transfer: Transfer,
        role: str,
        *,
        stay_awake: bool,
        on_progress: Callable[[Transfer], None],
    ) -> None:
        self._transfer, self._role, self._on_progress = transfer, role, on_progress
        self._broker, self._state = broker, connection_topic(role.removesuffix("-board"))
        self._heard = 0.0
        self._reached = False
        self._ended = asyncio.Event()
        self._awake = f"{role}/stay-awake" if stay_awake else ""
        self._desired: bool | None = None  # whether another client desires it awake; None until known
        self._connection = Connection(
            broker,
            f"msgflo-update-{uuid.uuid4().hex[:8]}",
            subscriptions=[f"{role}/update-status", self._state, *([self._awake] if stay_awake else [])],
            on_message=self._message,
            on_connected=self._connected,
            # Else a board whose update was killed would be awake until its battery is empty.
            will=(self._awake, b"false") if stay_awake else None,
            raises_refused=True,
        )

    async def run(self, patience: float) -> None:
        """Run until the transfer has ended; `patience` in seconds is for the board's first answer."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        serving = asyncio.create_task(self._connection.run())
        try:
            while not self._transfer.ended:
                if serving.done():
                    await serving  # raises Refused
                self._send(self._transfer.tick(loop.time()) if self._connection.connected else [])
                silent = loop.time() - self._heard
                self._reached = self._reached or self._connection.connected
                if not self._reached and silent > REACHED_WITHIN:
                    raise NotReached(f"{self._broker} cannot be reached")
                if silent > (BACK_WITHIN if self._transfer.present else patience):
                    raise FlashError(self._silence(silent))
                self._on_progress(self._transfer)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TICK):
                        await self._ended.wait()
            self._on_progress(self._transfer)
        finally:
            self._let_sleep()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    def _connected(self) -> None:
        self._desired = bool(self._desired)
        if self._awake:
            self._connection.publish(self._awake, b"true", retain=True)
        self._send(self._transfer.tick(asyncio.get_running_loop().time()))

    def _let_sleep(self) -> None:
        if not self._awake or self._desired is not False:
            return
        if not self._connection.publish(self._awake, b"false", retain=True):
            text = "%s cannot be told that %s may sleep again; when it can be reached: msgflo send %s false --retain"
            log.warning(text, self._broker, self._role, self._awake)

    def _message(self, topic: str, payload: bytes, retained: bool) -> None:
        now = asyncio.get_running_loop().time()
        if topic == self._awake:
            if self._desired is None:
                self._desired = payload == b"true"
            return
        if topic == self._state:
            if payload == b"online" and not retained:
                self._send(self._transfer.back(now))
            return
        self._heard = now
        try:
            packets = self._transfer.status(json.loads(payload), now)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # not from the board: it says what it wants again when it is asked
        self._send(packets)
        self._on_progress(self._transfer)
        if self._transfer.ended:
            self._ended.set()

    def _send(self, packets: list[bytes]) -> None:
        for packet in packets:
            self._connection.publish(f"{self._role}/update", packet)

    def _silence(self, seconds: float) -> str:
        if not self._connection.connected:
            return f"{self._broker} cannot be reached"
        if not self._transfer.present:
            hint = "`msgflo list` shows who is there; a board that was never flashed is flashed by cable"
            return f"{self._role} does not answer at {self._broker} within {seconds:.0f} s ({hint})"
        what = "it runs either version, and can be updated again"
        return f"{self._role} was not heard for {seconds:.0f} s, while the update was {self._transfer.phase}; {what}"
