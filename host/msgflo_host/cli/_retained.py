"""What a broker retains of participants, for commands that need no coordinator."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from msgflo import Broker, ConnectError
from msgflo.paho_transport import Transport
from msgflo.topics import connection_topic

from ..errors import BrokerError, DiscoveryError
from ..wire import discovery
from ..wire.discovery import Participant

__all__ = ["Retained", "reading"]

ANSWERED_WITHIN_S = 10.0
SETTLED_S = 0.3


class Retained:
    """Retained `messages` that were read so far, by topic."""

    def __init__(self, broker: Broker) -> None:
        self.messages: dict[str, bytes] = {}
        self.transport = Transport(broker, f"msgflo-retained-{uuid.uuid4().hex[:8]}", on_message=self._received)

    async def read_participants(self, *topics: str) -> None:
        """Read all participants and the states of their connections; `topics` are of some of them.

        Some brokers send retained messages for exact topics only (RabbitMQ), some after their answer (aedes).
        """
        await self.read(["fbp/connection/+", "fbp/participant/+", *topics])
        states = (connection_topic(each.connection) for each in self.participants if each.connection is not None)
        if missing := [topic for topic in states if topic not in self.messages]:
            await self.read(missing)

    async def read(self, topics: Collection[str]) -> None:
        """Read what is retained on topics, until no more messages arrive."""
        await self.transport.subscribe([(topic, 0) for topic in topics])
        count = -1
        while count != len(self.messages):
            count = len(self.messages)
            await asyncio.sleep(SETTLED_S)

    @property
    def participants(self) -> list[Participant]:
        """The participants whose messages are valid."""
        found = []
        for topic, payload in self.messages.items():
            if discovery.participant_of(topic) is not None:
                with suppress(DiscoveryError):
                    found.append(discovery.parse(payload, topic=topic))
        return found

    def state(self, connection: str | None) -> bytes | None:
        """Return the state of a connection."""
        return self.messages.get(connection_topic(connection)) if connection is not None else None

    def _received(self, topic: str, payload: bytes, is_retained: bool) -> None:
        if is_retained:
            self.messages[topic] = bytes(payload)


@asynccontextmanager
async def reading(broker: Broker) -> AsyncIterator[Retained]:
    """Connect for at most 10 s; raises BrokerError where the broker does not answer, or refuses the account."""
    retained = Retained(broker)
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await retained.transport.connect()
            yield retained
    except ConnectError as error:
        raise BrokerError(str(error)) from None
    except TimeoutError:
        raise BrokerError(f"broker {broker}: no answer within {ANSWERED_WITHIN_S:g} s") from None
    finally:
        await retained.transport.disconnect()
