"""How participants make themselves known: the state of their connection, and discovery messages on `fbp`."""

from ._platform import MICROPYTHON
from .topics import DISCOVERY, connection_topic, participant_topic

__all__ = ("Presence",)


class Presence:
    """Announces the participants of a connection."""

    def __init__(self, participants, client_id, transport, messages=None):
        self.participants = []  # those that have a message
        self._lost = []  # ids of those that are not announced until they are back
        self._client_id = client_id
        self._transport = transport
        self._messages = {} if messages is None else messages  # participant id -> discovery message
        self.interval = 3600 / 2.2  # seconds between discovery messages: so often that one may be lost
        for participant in participants:
            self.add(participant)

    def add(self, participant):
        """Announce this participant too, from the next time on."""
        from .describe import describe  # needed at the start only: see _memory.forget

        runner = participant._runner
        # Made once, at the start: later a board's memory is in too small pieces.
        self._messages[runner.id] = describe(participant, self._client_id)
        if MICROPYTHON:
            participant.inports = participant.outports = ()  # the message has all of it
        self.participants.append(participant)
        self.interval = min(self.interval, runner.period / 2.2)

    async def appear(self):
        """Announce the connection and its participants, on a new connection."""
        await self.status("online")
        self._lost = [each._runner.id for each in self.participants if each.lost is True]
        await self.introduce([each._runner.id for each in self.participants if each.lost is not True])

    async def introduce(self, ids):
        """Announce these participants."""
        for participant_id in ids:
            # QoS 0: what is unacknowledged takes memory, and after a loss of the connection all is announced again.
            message = self._messages[participant_id]
            await self._publish(participant_topic(participant_id), message, retain=True)
            await self._publish(DISCOVERY, message)

    async def status(self, status):
        """Publish the state of the connection: `online`, `asleep` or `offline`."""
        await self._publish(connection_topic(self._client_id), status.encode(), qos=1, retain=True)

    async def repeat(self):
        """Repeat the discovery messages, but for those of the lost: their silence shows it.

        One that is back is introduced anew: its retained message may have been cleared.
        """
        for participant in list(self.participants):
            participant_id = participant._runner.id
            if participant.lost is True:
                if participant_id not in self._lost:
                    self._lost.append(participant_id)
            elif participant_id in self._lost:
                self._lost.remove(participant_id)
                await self.introduce([participant_id])
            else:
                await self._publish(DISCOVERY, self._messages[participant_id])

    async def _publish(self, topic, payload, qos=0, retain=False):
        await self._transport.drain()
        self._transport.publish(topic, payload, qos=qos, retain=retain)
