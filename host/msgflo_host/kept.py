"""What the broker keeps, where it does not send that to subscriptions with wildcards, as RabbitMQ does not.

Those who are there already are not found then, and what an earlier coordinator has bound is not seen. So exact topics are
asked for: of participants that are called as in the graph, and of those that are known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from msgflo import Broker, ConnectError, Refused, SubscribeError
from msgflo.paho_transport import Transport
from msgflo.topics import connection_topic, participant_topic

from ._once import Once
from .discovery import Participant

__all__ = ["Kept"]

log = logging.getLogger("msgflo")

SENT_WITHIN_S = 3.0
AGAIN_S = 5.0


class Kept:
    """Finds out whether the broker sends what it keeps; `is_exact` says that it does so for exact topics alone."""

    def __init__(self, broker: Broker, client_id: str) -> None:
        self.is_exact = False
        self._broker, self._client_id = broker, client_id
        self._once = Once()

    async def look(self, topic: str, *, is_ours: Callable[[], bool] = lambda: True) -> bool:
        """Find it out by `topic`, on which something is kept while `is_ours`; what the broker does not do is said in the log.

        False, after some seconds, where the connection was refused or lost meanwhile, or the topic.
        """
        wildcard = topic.rpartition("/")[0] + "/+"
        try:
            if await self._sends(wildcard, topic):
                return True
            is_exact = await self._sends(topic, topic)
            if await self._sends(wildcard, topic):  # it was merely late
                return True
            if not is_ours():  # nothing need be kept there any more
                return False
            self.is_exact = is_exact
        except SubscribeError:
            return True  # it is not to be found out, then
        except ConnectError as error:
            if isinstance(error, Refused):  # what else goes wrong is wrong with other connections, too
                self._once.say(f"{self._client_id}: {error} (trying again until it works)")
            await asyncio.sleep(AGAIN_S)
            return False
        if self.is_exact:
            log.warning(
                "%s does not send retained messages to subscriptions with wildcards: participants that were there before, "
                "and are not called as in the graph, are found when they announce themselves next (docs/broker.md)",
                self._broker,
            )
        else:
            log.warning("%s keeps no retained messages, which are needed (docs/broker.md)", self._broker)
        return True

    def topics(self, roles: Iterable[str], participants: Iterable[Participant]) -> set[str]:
        """Return the exact topics on which something may be kept that concerns us; none where wildcards do."""
        if not self.is_exact:
            return set()
        wanted = {each for role in roles for each in (connection_topic(role), participant_topic(role))}
        for participant in participants:
            wanted |= {connection_topic(participant.connection or participant.id), participant_topic(participant.id)}
            if participant.bind is not None:
                wanted.add(participant.bind)
        return wanted

    async def _sends(self, subscription: str, topic: str) -> bool:
        """Whether a subscription brings what is kept on a topic; raises ConnectError and SubscribeError."""
        came = asyncio.Event()

        def received(where: str, payload: bytes, retained: bool) -> None:
            if retained and where == topic:
                came.set()

        transport = Transport(self._broker, self._client_id, on_message=received)
        try:
            await transport.connect()
            await transport.subscribe([(subscription, 0)])
            async with asyncio.timeout(SENT_WITHIN_S):
                await came.wait()
        except TimeoutError:
            await transport.drain()  # raises ConnectError where the connection has ended
        finally:
            await transport.disconnect()
        return came.is_set()
