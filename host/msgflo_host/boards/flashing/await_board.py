"""Waits until a board that was restarted has announced itself on the broker, or says why it does not."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgflo import Broker, ConnectError
from msgflo.paho_transport import Transport

from ...errors import BrokerError, DiscoveryError, FlashError
from ...wire.discovery import Participant, parse, parse_status, participant_of
from ..port_map import PortMap
from .serial_diagnostics import Reader
from .serial_log import SerialLog

__all__ = ["await_participants", "watching"]

PATIENCE_S = 60.0
"""So long after its restart a board may take."""
_AFTER_TROUBLE_S = 25.0  # for a second attempt of the board's
_SETTLE_S = 3.0  # from the board's own announcement to the last of its devices'
_UNPLUGGED_S = 15.0
_STEP_S = 0.05


class _Watch:
    """The announcements of one board from now on; retained ones do not count."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status: str | None = None
        self.participants: dict[str, Participant] = {}

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a packet."""
        if retained:
            return
        with contextlib.suppress(DiscoveryError):
            if participant_of(topic) is not None and payload:
                participant = parse(payload, topic=topic)
                if participant.connection == self.name:
                    self.participants[participant.id] = participant
            elif topic.startswith("fbp/connection/"):
                self.status = parse_status(payload, topic=topic)


@asynccontextmanager
async def watching(broker: Broker, name: str) -> AsyncIterator[_Watch]:
    """Subscribe to what a board announces; raises BrokerError when the broker cannot be reached from here."""
    watch = _Watch(name)
    transport = Transport(broker, f"msgflo-flash-{uuid.uuid4().hex[:8]}", on_message=watch.take)
    try:
        try:
            await transport.connect()
            await transport.subscribe([(f"fbp/connection/{name}", 1), ("fbp/participant/+", 1)])
        except ConnectError as error:
            raise BrokerError(
                f"{error}; the board is to use that broker, so this machine must reach it, too: is it running? Another address "
                "for it from here: --broker"
            ) from None
        yield watch
    finally:
        await transport.disconnect()


async def await_participants(
    port_map: PortMap, watch: _Watch, log: SerialLog, show: Callable[[str], None], patience: float = PATIENCE_S
) -> list[str]:
    """Return the ids of the board's participants as soon as all are announced; `show` gets the board's log.

    Raises FlashError with what went wrong and what to try. Devices that failed at their start are not waited for.
    """
    reader = Reader()
    expected = {port_map.board_role, *(device.role for device in port_map.devices)}
    clock = asyncio.get_running_loop().time
    began = clock()
    there_since = trouble_since = gone_since = None
    while True:
        for line in log.lines():
            show(line)
            reader.take(line)
        now = clock()
        if port_map.board_role in watch.participants:
            there_since = there_since or now
            if expected <= watch.participants.keys() or now - there_since > _SETTLE_S:
                return sorted(watch.participants)
        elif reader.trouble is not None:
            trouble_since = trouble_since or now
            if reader.trouble.fatal or now - trouble_since > _AFTER_TROUBLE_S:
                raise FlashError(str(reader.trouble))
        else:
            trouble_since = None
        gone_since = None if log.gone_since is None else gone_since or now
        if gone_since is not None and now - gone_since > _UNPLUGGED_S:
            raise FlashError(
                "the board was unplugged before it had announced itself; plug it in again and run this once more"
            )
        if now - began > patience:
            raise FlashError(str(reader.trouble) if reader.trouble else _silence(port_map, patience))
        await asyncio.sleep(_STEP_S)


def _silence(port_map: PortMap, patience: float) -> str:
    return (
        f"the board has not announced itself on {port_map.broker} within {patience:g} s; press its reset button and look at "
        f"`msgflo board log {port_map.name}`"
    )
