"""One data plane a broker: the others wait until it has ended."""

from __future__ import annotations

import asyncio
import logging
import uuid
from asyncio import FIRST_COMPLETED
from collections.abc import Coroutine, Sequence
from typing import Any

from msgflo import Broker

from ..wire.connection import Connection
from ..wire.forward_list import CLIENT_ID
from ..wire.lease import FORWARDER, Lease, Taken

__all__ = ["Claim"]

log = logging.getLogger("msgflo")


class Claim:
    """The claim of a data plane to its broker, on a connection of its own: the other ones have fixed client ids.

    `held` is set while this data plane is in charge of the broker, `lost` once another one is. The `process` is the one to
    end where this is in the way. A data plane on its `own` broker never loses it. A `quiet` one leaves it to others to log
    that the broker is away.
    """

    def __init__(self, broker: Broker, *, process: int | None = None, own: bool = False, quiet: bool = False) -> None:
        self.held, self.lost = asyncio.Event(), asyncio.Event()
        self._connected = asyncio.Event()  # anew, and nothing was claimed since
        self._broker = broker
        self._quiet = quiet
        self._connection = Connection(
            broker,
            f"{CLIENT_ID}-claim-{uuid.uuid4().hex[:8]}",
            subscriptions=[FORWARDER],
            on_message=lambda topic, payload, retained: self._lease.received(payload, retained=retained),
            on_connected=self._connected.set,
            on_disconnected=lambda: self._lease.disconnected(),
            will=(FORWARDER, b""),
            quiet=quiet,
            raises_refused=True,
        )
        self._lease = Lease(
            lambda payload, retain: self._connection.publish(FORWARDER, payload, retain=retain),
            what="forwarder",
            process=process,
            own=own,
        )

    async def run(self) -> None:
        """Claim the broker, and wait while another one has it, until cancelled; Refused where it refuses the account."""
        tasks = [asyncio.create_task(each) for each in (self._connection.run(), self._claim_forever())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self._lease.release()  # while there still is a connection
            await _cancel(tasks)

    async def _claim_forever(self) -> None:
        reported = ""
        while True:
            await self._connected.wait()
            self._connected.clear()
            try:
                await self._lease.acquire()
            except Taken:
                self._lease.give_way()
            else:
                if self._connected.is_set() or not self._connection.connected:
                    continue  # it was lost meanwhile
                self._hold(True)
                reported = ""
                await _first(self._lease.lost(), self._connected.wait())
                if not self._lease.is_waiting:
                    continue
            self._hold(False)
            if reported != (reported := await self._lease.lost()):
                text = "%s: another forwarder is in charge of this broker (%s): this one waits until that has ended"
                log.warning(text, self._broker, reported)
            await _first(self._lease.free(), self._connected.wait())
            self._connected.set()

    def _hold(self, is_held: bool) -> None:
        self._connection.quiet = self._quiet or is_held  # the forwarder logs what there is, then
        gained, gone = (self.held, self.lost) if is_held else (self.lost, self.held)
        gone.clear()
        gained.set()


async def _first(*waiting: Coroutine[Any, Any, object]) -> None:
    """Return when the first of these is done."""
    tasks = [asyncio.create_task(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=FIRST_COMPLETED)
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
