"""A session on the host: its participants may send from any thread, come and go; it ends with a signal. CPython only."""

import asyncio
import signal
from _thread import get_ident
from collections import deque

from . import persistent
from .discovery import Presence
from .errors import ConnectError, Refused, SubscribeError
from .paho_transport import is_login_refused
from .topics import bind_topic, escape, is_filter, matches, participant_topic

__all__ = ("Session", "run_until_signal")


class Session(persistent.Session):
    __doc__ = persistent.Session.__doc__

    subscriptions = ()
    """Filters of what a subclass receives besides, with QoS 0, by overriding `receive(topic, payload, retained)`."""

    raises_refused = True
    """Whether a wrong account ends `run()`: until the broker has accepted it."""

    def __init__(self, participants, broker="mqtt://localhost", **options):
        super().__init__(participants, broker, **options)
        self._bindings = _Bindings(self._runners, self._transport, self.log)
        self._presence = _Presence(self.participants, self.client_id, self._transport, _Messages())
        self._connect = self._transport.connect
        self._transport.connect = self._connect_or_end
        self._loop = None  # while running
        self._thread = None  # that of the loop
        self._waiting = deque()  # what other threads have sent
        self._called = False  # whether the loop is about to take it
        self._acknowledging = None  # timer, while packets wait behind one that is being handled

    async def run(self):
        """Connect, serve and reconnect until `stop()`; raises ConfigError where retrying cannot help.

        Raises Refused for a wrong account at the start. Once the broker has accepted it, a refusal is tried again: a broker
        that is being set up anew ends no program.
        """
        self._thread = get_ident()
        self._loop = asyncio.get_running_loop()
        try:
            await super().run()
        except _LoginRefused as e:
            raise e.refused from None
        finally:
            self._loop = None

    def _acknowledge_all(self):
        super()._acknowledge_all()
        if len(self._unhandled) > 1 and self._acknowledging is None:
            delay = persistent.PATIENCE / 1000
            self._acknowledging = asyncio.get_running_loop().call_later(delay, self._acknowledge_again)

    def _acknowledge_again(self):
        self._acknowledging = None
        self._acknowledge_all()

    async def _connect_or_end(self, will=None):
        try:
            await self._connect(will)
        except Refused as e:
            if self.raises_refused and is_login_refused(e):
                raise _LoginRefused(e) from None
            raise
        self.raises_refused = False

    async def _release(self):
        self._transport.release()

    def post(self, out, payload):
        """Send a packet from a participant's outport, now or as soon as possible; from any thread."""
        loop = self._loop
        if loop is None or self._thread == get_ident():
            super().post(out, payload)
            return
        self._waiting.append((out, payload))
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._post_waiting)

    def bound(self, participant):
        """Return the topics that the coordinator has bound to each inport: `{inport: [topic or filter, …]}`."""
        return self._bindings._lists.get(participant._runner.id) or {}

    async def remove(self, participant):
        """Let a participant leave: it stops, and what the broker retains of it is cleared, what it remembers included.

        Call it in the session's own thread. Without a connection nothing is cleared. Then another one may have its id.
        """
        runner = participant._runner
        self._newcomers = [_Nobody() if each is participant else each for each in self._newcomers]
        if self.running:
            await runner.finish()
            self._post_waiting()
        self.participants.remove(participant)
        self._runners.remove(runner)
        participant._engine = _Left(self.log)
        runner.end()
        self._forget(runner)
        if not self.running:
            return
        self._wake.set()
        try:
            await self._transport.unsubscribe([bind_topic(runner.id)])
            await self.clear(runner.id)
        except ConnectError:
            pass

    def _forget(self, runner):
        self._presence.forget(runner)
        self._bindings.forget(runner)
        # Here and not there, for boards have no memory to spare for what they never do.
        outbox = self._outbox
        states = {out[0] for out in runner.outs.values()} | {persistent.memory_topic(runner.id)}
        for state in states:
            outbox._states.pop(state, None)
        if outbox.items:
            outbox.items = [item for item in outbox.items if type(item) is not list or item[0][0] not in states]

    async def clear(self, participant_id):
        """Clear what the broker retains of a participant that is not there; raises ConnectError."""
        bound = "fbp/bound/" + escape(participant_id)
        for topic in (bound, persistent.memory_topic(participant_id), participant_topic(participant_id)):
            await self._transport.drain()
            self._transport.publish(topic, b"", qos=1, retain=True)

    async def _serve(self):
        try:
            await self._transport.subscribe([(each, 0) for each in self.subscriptions])
        except SubscribeError as e:
            self.log(str(e))
        await super()._serve()

    def _post_waiting(self):
        self._called = False  # first: what is added from now on either is seen below or calls again
        while self._waiting:
            super().post(*self._waiting.popleft())


class _LoginRefused(Exception):
    """Carries the `refused` past the link, which tries again after a ConnectError."""

    def __init__(self, refused):
        super().__init__(refused)
        self.refused = refused


class _Bindings(persistent.Bindings):
    """Also of participants that leave; and what becomes a state, or none, is subscribed to anew."""

    def __init__(self, runners, transport, log):
        super().__init__(runners, transport, log)
        self._qos = {}  # filter -> QoS with which it is subscribed to

    async def apply(self):
        """Apply what was taken, and confirm it."""
        await super().apply()
        quiet = self._quiet(self._routes)
        if others := [each for each in self._routes if self._qos.get(each) == (each in quiet)]:
            await self._subscribe(others)

    async def _subscribe(self, filters, qos=1):
        quiet = self._quiet(filters)
        self._qos.update((each, 0 if each in quiet else 1) for each in filters)
        await super()._subscribe(filters)

    def _quiet(self, filters):
        own = {topic for runner in self._runners for topic, _ in runner.ins.values() if not topic.startswith("fbp/")}
        # A broker may send a packet once for several filters, with the QoS of any of them.
        return {
            each
            for each in super()._quiet(filters)
            if each.startswith("fbp/")
            or not (each in own or is_filter(each) or any(matches(other, each) for other in self._filters))
        }

    def forget(self, runner):
        """Leave out a runner that has left."""
        topic = bind_topic(runner.id)
        self._topics.pop(topic, None)
        self._states.pop(runner.id, None)
        if topic in self._answers:
            self._answers[topic] = b""  # `apply` may be about to take one
        for waiting in (self._unheard, self._unconfirmed):
            if topic in waiting:
                waiting.remove(topic)
        sources = [topic for topic, _ in runner.ins.values()]
        for each in (self._lists.pop(runner.id, None) or {}).values():
            sources += each
        for source in sources:
            if source in self._routes:  # until they are made anew
                self._routes[source] = [route for route in self._routes[source] if route[0] is not runner]
        self.changed = True


class _Presence(Presence):
    """Stops announcing a participant that leaves, even while others are announced."""

    def __init__(self, *args):
        super().__init__(*args)
        if not self.participants:  # they join while it waits to repeat: a period of 60 s, not of an hour
            self.interval /= 60

    def add(self, participant):
        super().add(participant)
        participant_id = participant._runner.id
        self._messages[participant_id] = bytearray(self._messages[participant_id])

    def forget(self, runner):
        """Announce this participant no more: its message is emptied, for it may be on its way."""
        self.participants = [each for each in self.participants if each._runner is not runner]
        self._messages.pop(runner.id).clear()

    async def _publish(self, topic, payload, qos=0, retain=False):
        await self._transport.drain()
        if payload:
            self._transport.publish(topic, payload, qos=qos, retain=retain)


class _Messages(dict):
    """Discovery messages; who has left has an empty one."""

    def __missing__(self, participant_id):
        return b""


class _Nobody:
    """Stands among the newcomers for one that has left before it was announced."""

    id = ""

    def __init__(self):
        self._runner = self

    def meet(self):
        """Do nothing."""


class _Left:
    """Stands in for the session of a participant that has left: it sends nothing."""

    running = connected = False
    backlog = 0

    def __init__(self, log):
        self.log = log

    def post(self, out, payload):
        """Do nothing."""

    async def drain(self):
        """Do nothing."""


async def run_until_signal(session):
    """Run a session until the program gets SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopping = []  # the event loop itself does not keep a task alive

    def stop():
        stopping.append(loop.create_task(session.stop()))

    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop)
    await session.run()
