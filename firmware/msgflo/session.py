"""A session: participants on one MQTT connection, which is made anew whenever it is lost."""

import asyncio
import random
import sys

from .bindings import Bindings
from .broker import Broker
from .discovery import describe
from .errors import ConfigError, ConnectError, SubscribeError
from .outbox import Outbox
from .participant import traceback
from .timers import ticks_diff, ticks_ms
from .topics import DISCOVERY, bind_topic, connection_topic, participant_topic

if sys.implementation.name == "micropython":
    from .umqtt_transport import Transport

    deque = list  # MicroPython's needs a bound; it is not used there
    _log = print
    _QUEUE = 32
    _BURST = 1  # a board's memory is bounded, connected or not

    def get_ident():
        return None

else:
    import logging
    from _thread import get_ident
    from collections import deque

    from .paho_transport import Transport

    _log = logging.getLogger("msgflo").warning
    _QUEUE = 1000
    _BURST = 100

__all__ = ("Session",)

_FIRST_DELAY = 0.25  # seconds, before reconnecting
_LAST_DELAY = 6
_SHORT = 5  # seconds: a connection that ends sooner was no success
_FAREWELL = 2  # seconds for sending what waits when stopping


class Session:
    """Connects participants to a broker, and keeps them connected.

    `participants` is a list, `broker` a Broker or its URL, `keepalive` in seconds, `client_id` by default the id of the
    first participant. `log` is called with each problem, a text (default: the logger `msgflo`; MicroPython: print).
    Raises ConfigError.

    While disconnected, each state's latest value waits, and up to `queue` events (default 1000; MicroPython: 32), of
    which the oldest are dropped. Connected, a hundred times as many (MicroPython: as many) wait where more is sent at
    once than the connection takes, and where more is received than an async handler has handled.
    """

    def __init__(self, participants, broker="mqtt://localhost", *, client_id=None, keepalive=30, queue=None, log=None):
        self.participants = list(participants)
        self.broker = Broker.parse(broker) if isinstance(broker, str) else broker
        self.keepalive = keepalive
        self.log = log or _log
        self.queue = _QUEUE if queue is None else queue
        self.backlog = self.queue * _BURST
        self.running = False
        ids = [participant.id for participant in self.participants]
        if len(ids) != len(set(ids)):
            raise ConfigError("two participants of a session have the same id: {}".format(", ".join(ids)))
        if client_id is None and not ids:
            raise ConfigError("a session without participants needs a client_id")
        self.client_id = client_id or ids[0]
        for participant in self.participants:
            participant._engine = self
        self._bindings = Bindings(self.participants)
        self._lists = {bind_topic(p.id): p for p in self.participants if p._in}  # topic -> whose binding list it has
        self._unconfirmed = []  # whose bindings are from an earlier connection, on this one not confirmed yet
        self._rebind = False  # whether bindings were taken and are not in force yet
        self._outbox = Outbox(self.queue)
        self._reported = 0  # how many of the dropped events were reported
        self._link = None  # the connection
        self._transport = None  # the connection, once it may be used
        self._met = False  # whether there ever was one
        self._loop = None
        self._thread = None  # that of the event loop
        self._from_threads = deque()
        self._posting = False
        self._said = None  # the last trouble with the connection

    @property
    def connected(self):
        """Whether packets can be sent now."""
        return self._transport is not None

    @property
    def dropped(self):
        """How many events were dropped because too many waited."""
        return self._outbox.dropped

    async def run(self):
        """Connect, serve and reconnect until `stop()`; raises ConfigError where retrying cannot help."""
        self._loop = asyncio.get_event_loop()
        self._thread = get_ident()
        self._wake = asyncio.Event()  # there is something to send, or to bind
        self._ended = asyncio.Event()
        self._fatal = None
        self.running = True
        task = asyncio.create_task(self._stay_connected())
        for participant in self.participants:
            participant._begin()
        try:
            await self._ended.wait()
        finally:
            await self.stop()
            task.cancel()
            for participant in self.participants:
                participant._end()
            self._loop = self._thread = None
        if self._fatal is not None:
            raise self._fatal

    async def stop(self, status="offline"):
        """Send what waits, publish the status `offline` (or `asleep`), disconnect, and end `run()`."""
        if not self.running:
            return
        self.running = False
        for participant in self.participants:
            await participant._finish()
        transport = self._link
        if transport is not None:
            try:
                await asyncio.wait_for(self._leave(transport, status), _FAREWELL)
            except (ConnectError, asyncio.TimeoutError):
                pass
            await transport.disconnect()
        self._ended.set()

    async def drain(self):
        """Let others run, and wait until nothing waits to be sent, for a connection too if there is none."""
        await asyncio.sleep(0)
        while self._transport is None or self._outbox.items or not self._transport.ready:
            try:
                await self._flush(self._transport)
            except (AttributeError, ConnectError):
                await asyncio.sleep(0.05)

    def post(self, out, payload):
        """Send a packet from a participant's outport, now or as soon as possible; from any thread."""
        if self._thread != get_ident() and self._loop is not None:
            self._from_threads.append((out, payload))
            if not self._posting:
                self._posting = True
                self._loop.call_soon_threadsafe(self._post_waiting)
            return
        topic, qos, retain, state, _ = out
        outbox = self._outbox
        transport = self._transport
        if state:
            outbox.state(topic, payload, qos, retain)
        elif transport is not None and not outbox.items and transport.ready:
            transport.publish(topic, payload, qos=qos, retain=retain)
            return
        else:
            outbox.event(topic, payload, qos, retain)
        if transport is not None:
            outbox.drain(transport)
            if outbox.items:
                self._wake.set()

    def _post_waiting(self):
        self._posting = False  # first: what is added from now on either is seen below or calls again
        while self._from_threads:
            self.post(*self._from_threads.popleft())

    def _received(self, topic, payload, retained):
        if topic in self._lists:
            self._bind(self._lists[topic], payload)
        if payload:  # an empty one clears a retained value and is no data
            self._bindings.deliver(topic, payload, retained)

    def _bind(self, participant, payload):
        if participant in self._unconfirmed:
            self._unconfirmed.remove(participant)
        try:
            self._bindings.take(participant, payload)
        except ConfigError as e:
            self.log(str(e))
        self._rebind = True
        self._wake.set()

    async def _stay_connected(self):
        delay = _FIRST_DELAY
        short = 0
        while self.running:
            try:
                lasted = await self._connection()
            except ConfigError as e:
                self._fatal = e
                self._ended.set()
                return
            if lasted is not None and self.running:
                if lasted > _SHORT:
                    delay = _FIRST_DELAY
                    short = 0
                else:
                    short += 1
                if short == 3:
                    self.log("another client probably uses the client id {!r}".format(self.client_id))
            await asyncio.sleep(delay * (0.75 + random.random() / 2))
            delay = min(delay * 2, _LAST_DELAY)

    async def _connection(self):
        """Connect and serve until the connection ends; returns how many seconds it lasted, None if it failed."""
        transport = Transport(self.broker, self.client_id, keepalive=self.keepalive, on_message=self._received)
        try:
            await transport.connect((connection_topic(self.client_id), b"lost"))
        except ConnectError as e:
            self._trouble("{}; trying again".format(e))
            return None
        if self._said:
            self.log("connected to {}".format(self.broker))
            self._said = None
        began = ticks_ms()
        self._link = transport
        self._outbox.limit = self.backlog
        tasks = [asyncio.create_task(self._attend(work, transport)) for work in (self._serve, self._repeat)]
        try:
            reason = await transport.closed()
        finally:
            for task in tasks:
                task.cancel()
            self._link = self._transport = None
            self._outbox.limit = self.queue
            self._outbox.restore([item for item in transport.unacknowledged() if not item[0].startswith("fbp/")])
            await transport.disconnect()
        if self.running:
            self._trouble("lost the connection to {}: {}".format(self.broker, reason))
        return ticks_diff(ticks_ms(), began) / 1000

    def _trouble(self, text):
        """Log trouble with the connection, unless it is the same as last time."""
        if text != self._said:
            self.log(text)
            self._said = text

    async def _attend(self, work, transport):
        try:
            await work(transport)
        except ConnectError:
            pass  # `closed` says why
        except Exception as e:
            self.log(traceback(e))
            await transport.disconnect()

    async def _serve(self, transport):
        """Introduce the participants, then send and bind what there is to."""
        self._bindings.update()
        self._rebind = False
        self._unconfirmed = [p for p in self.participants if self._bindings.bound(p)]
        await self._subscribe(transport, self._bindings.renew() + list(self._lists))
        await self._tell(transport, connection_topic(self.client_id), b"online", 1, True)
        await self._announce(transport, True)
        self._transport = transport
        if not self._met:
            self._met = True
            for participant in self.participants:
                participant._meet()
        while True:
            await self._flush(transport)
            if self.dropped > self._reported:
                self.log("{} events were dropped: too many waited".format(self.dropped - self._reported))
                self._reported = self.dropped
            await self._wake.wait()
            self._wake.clear()
            if self._rebind:
                self._rebind = False
                wanted, gone = self._bindings.update()
                await self._subscribe(transport, wanted)
                if gone:
                    await transport.unsubscribe(gone)

    async def _repeat(self, transport):
        """Repeat the discovery messages."""
        period = min([participant.period for participant in self.participants] or [60])
        while True:
            await asyncio.sleep(period / 2.2 * (0.95 + random.random() / 10))
            # A list that did not come again was withdrawn while we were away. A broker that has lost all, a coordinator
            # has had the time to tell again.
            for participant in self._unconfirmed[:]:
                self._bind(participant, b"")
            await self._announce(transport, False)

    async def _subscribe(self, transport, filters):
        if not filters:
            return
        try:
            # The broker delivers with the QoS of the sender, or this if lower.
            await transport.subscribe([(topic_filter, 1) for topic_filter in filters])
        except SubscribeError as e:
            self.log(str(e))

    async def _announce(self, transport, retained):
        for participant in self.participants:
            message = describe(participant, self.client_id)
            if retained:
                await self._tell(transport, participant_topic(participant.id), message, 1, True)
            await self._tell(transport, DISCOVERY, message, 0, False)

    async def _tell(self, transport, topic, payload, qos, retain):
        await transport.drain()
        transport.publish(topic, payload, qos=qos, retain=retain)

    async def _flush(self, transport):
        while self._outbox.items:
            await transport.drain()
            try:
                self._outbox.drain(transport)
            except ConfigError as e:
                self.log(str(e))

    async def _leave(self, transport, status):
        if transport is self._transport:
            await self._flush(transport)
        await self._tell(transport, connection_topic(self.client_id), status.encode(), 1, True)
