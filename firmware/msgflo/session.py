"""A session: participants on one MQTT connection, which is made anew whenever it is lost."""

import asyncio
import random

from ._memory import settle
from ._platform import BURST, QUEUE, default_log
from .bindings import Bindings
from .broker import Broker
from .discovery import Presence
from .errors import ConfigError, ConnectError
from .link import Link
from .outbox import Outbox

__all__ = ("Session",)

_FAREWELL = 2  # seconds when stopping, for the participants' `stop` and for sending what waits


class Session:
    """Connects participants to a broker, and keeps them connected.

    `participants` is a list, `broker` a Broker or its URL, `keepalive` in seconds, `client_id` by default the id of the
    first participant. `log` is called with each problem, a text (default: the logger `msgflo`; MicroPython: print), `info`
    with the news that one is over (default: `log`). `messages` is where discovery messages are stored, by participants' ids
    (default: a dictionary). Raises ConfigError.

    While disconnected, each state's latest value waits, and up to `queue` events (default 1000; MicroPython: 32), of
    which the oldest are dropped. Connected, a hundred times as many (MicroPython: as many) wait where more is sent at
    once than the connection takes, and where more is received than an async handler has handled.
    """

    def __init__(
        self,
        participants,
        broker="mqtt://localhost",
        *,
        client_id=None,
        keepalive=30,
        queue=None,
        log=None,
        info=None,
        messages=None,
    ):
        self.broker = Broker.parse(broker) if isinstance(broker, str) else broker
        self.log = log or default_log
        self.queue = QUEUE if queue is None else queue
        self.backlog = self.queue * BURST
        self.running = False
        try:
            self.participants = list(participants)
            self._runners = [participant._runner for participant in self.participants]
        except (AttributeError, TypeError):
            from ._mistakes import not_participants

            raise not_participants(participants) from None
        for runner in self._runners:
            runner.join(self)
        ids = [runner.id for runner in self._runners]
        if len(ids) != len(set(ids)):
            raise ConfigError("two participants of a session have the same id: {}".format(", ".join(ids)))
        self._newcomers = list(self.participants)  # those that were not started yet
        if client_id is None and not ids:
            raise ConfigError("a session without participants needs a client_id")
        self.client_id = client_id or ids[0]
        self._link = Link(self.broker, self.client_id, keepalive, self.receive, self.log, info or self.log)
        self._transport = self._link.transport
        self._presence = Presence(self.participants, self.client_id, self._transport, messages)
        self.connected = False  # whether packets can be sent now
        self._bindings = Bindings(self._runners, self._transport, self.log)
        self._outbox = Outbox(self.queue)
        self._reported = 0  # how many of the dropped events were reported

    @property
    def dropped(self):
        """How many events were dropped because too many waited."""
        return self._outbox.dropped

    @property
    def attempts(self):
        """How many attempts to connect there were, without those that failed by us: for lack of memory, mostly."""
        return self._link.attempts

    def add(self, participant):
        """Let one more participant take part, from now on; call it in the session's own thread.

        Raises ConfigError where there is one with its id already.
        """
        runner = participant._runner
        if runner.id in [other.id for other in self._runners]:
            raise ConfigError("two participants of a session have the same id: {}".format(runner.id))
        runner.join(self)
        self._presence.add(participant)  # first: a board may have no memory for it
        self.participants.append(participant)
        self._runners.append(runner)
        self._bindings.add(runner)
        self._newcomers.append(participant)
        if self.running:
            participant._begin()
            self._wake.set()

    async def run(self):
        """Connect, serve and reconnect until `stop()`; raises ConfigError where retrying cannot help."""
        self._wake = asyncio.Event()  # there is something to send, or to bind
        self._ended = asyncio.Event()
        self._fatal = None
        self.running = True
        tasks = [asyncio.create_task(task) for task in (self._keep(), self._repeat())]
        for participant in self.participants:
            participant._begin()
        try:
            await self._ended.wait()
        finally:
            await self.stop()
            for task in tasks:
                task.cancel()
            for runner in self._runners:
                runner.end()
        if self._fatal is not None:
            raise self._fatal

    async def stop(self, status="offline"):
        """Send what waits, publish the status `offline` (or `asleep`), disconnect, and end `run()`."""
        if not self.running:
            return
        self.running = False
        for work in (self._finish(), self._leave(status)):
            try:
                await asyncio.wait_for(work, _FAREWELL)
            except (ConnectError, asyncio.TimeoutError):
                pass
        self._link.closing = True
        await self._transport.disconnect()
        self._ended.set()

    async def drain(self):
        """Let others run, then wait until nothing waits to be sent; while disconnected, for a connection too."""
        await asyncio.sleep(0)
        while not self.connected or self._outbox.items or not self._transport.ready:
            try:
                if self.connected:
                    await self._flush()
                else:
                    await asyncio.sleep(0.05)
            except ConnectError:
                pass  # the next round waits for a new connection

    def post(self, out, payload):
        """Send a packet from a participant's outport, now or as soon as possible."""
        outbox = self._outbox
        if out[3]:
            outbox.state(out, payload)
        elif self.connected and not outbox.items and self._transport.ready:
            self._transport.publish(out[0], payload, qos=out[1], retain=out[2])
            return
        else:
            outbox.event(out, payload)
        if self.connected:
            outbox.drain(self._transport)
            if outbox.items:
                self._wake.set()

    def receive(self, topic, payload, retained):
        """Take a packet that the broker has sent."""
        if self._bindings.take(topic, payload):
            self._wake.set()
        if payload:  # an empty one clears a retained value and is no data
            self._bindings.deliver(topic, payload, retained)

    async def _keep(self):
        try:
            await self._link.keep(self._serve, self._lost)
        except Exception as e:  # ConfigError; on a board also MemoryError, wherever it struck
            self._fatal = e
        self._ended.set()

    def _lost(self, unacknowledged):
        self.connected = False
        self._bindings.lost()
        self._outbox.limit = self.queue
        self._outbox.restore([item for item in unacknowledged if not item[0].startswith("fbp/")])

    async def _serve(self):
        """Introduce the participants, then send and bind what there is to."""
        await self._bindings.renew()
        count = len(self._newcomers)
        await self._presence.appear()
        self._outbox.limit = self.backlog
        self.connected = True
        self._meet(count)
        settle()
        while True:
            while self._bindings.changed:  # before newcomers are announced: they are subscribed then
                await self._bindings.apply()
            if self._newcomers:
                count = len(self._newcomers)
                await self._presence.introduce([participant._runner.id for participant in self._newcomers])
                self._meet(count)
            await self._flush()
            if self.dropped > self._reported:
                self.log("{} events were dropped: too many waited".format(self.dropped - self._reported))
                self._reported = self.dropped
            await self._wake.wait()
            self._wake.clear()

    def _meet(self, count):
        # Meanwhile there may be more of them.
        newcomers = self._newcomers[:count]
        self._newcomers = self._newcomers[count:]
        for participant in newcomers:
            participant._runner.meet()

    async def _repeat(self):
        while True:
            await asyncio.sleep(self._presence.interval * (0.95 + random.random() / 10))
            if self.connected:
                self._bindings.withdraw_unconfirmed()
                self._wake.set()
                try:
                    await self._presence.repeat()
                except (ConnectError, MemoryError):
                    pass  # next time

    async def _flush(self):
        while True:
            await self._transport.drain()
            if not self._outbox.items:
                return
            try:
                self._outbox.drain(self._transport)
            except ConfigError as e:
                self.log(str(e))

    async def _finish(self):
        for runner in self._runners:
            await runner.finish()

    async def _leave(self, status):
        if self.connected:
            await self._flush()
        await self._presence.status(status)
