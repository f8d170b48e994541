"""Clearing of sessions (MQTT 3.1.1, §3.1.2.4) whose clients never come back."""

from __future__ import annotations

from collections.abc import Iterable

from msgflo import Broker
from msgflo.paho_transport import Transport

__all__ = ["clear_sessions"]


async def clear_sessions(broker: Broker, client_ids: Iterable[str]) -> None:
    """Have the broker forget these sessions, with all that waits there; raises ConnectError.

    A client that is there loses its connection.
    """
    for client_id in client_ids:
        transport = Transport(broker, client_id, on_message=lambda topic, payload, retained: None)
        await transport.connect()  # with a clean session
        await transport.disconnect()
