"""A session whose participants may send from any thread, and that ends with a signal; CPython only."""

import asyncio
import signal
from _thread import get_ident
from collections import deque

from . import session
from .discovery import Presence
from .errors import ConnectError, SubscribeError
from .persistent import Bindings
from .remembering import memory_topic
from .topics import bind_topic, escape, participant_topic

__all__ = ("Session", "run_until_signal")

_MOMENT = 0.01  # seconds


class Session(session.Session):
    __doc__ = session.Session.__doc__

    subscriptions = ()
    """Filters of what a subclass receives besides, with QoS 0, by overriding `receive(topic, payload, retained)`."""

    def __init__(self, participants, broker="mqtt://localhost", **options):
        super().__init__(participants, broker, **options)
        self._bindings = Bindings(self._runners, self._transport, self.log)
        self._transport.clean = False
        self._transport.holds = True
        self._transport.is_handled = self._is_handled  # pyright: ignore[reportAttributeAccessIssue]
        self._presence = _Presence(self.participants, self.client_id, self._transport, _Messages())
        self._loop = None  # while running
        self._thread = None  # that of the loop
        self._waiting = deque()  # what other threads have sent
        self._called = False  # whether the loop is about to take it

    async def run(self):
        """Connect, serve and reconnect until `stop()`; raises ConfigError where retrying cannot help."""
        self._thread = get_ident()
        self._loop = asyncio.get_running_loop()
        releasing = self._loop.create_task(self._release())
        try:
            await super().run()
        finally:
            releasing.cancel()
            self._loop = None

    def knows_all(self):
        """Tell whether all is known that decides what becomes of packets: lists, and what participants remember.

        Until then none with QoS 1 is handled; the broker keeps them.
        """
        settled = self.connected and not self._bindings.changed and not self._newcomers
        return settled and all(getattr(runner, "_held", None) is None for runner in self._runners)

    def _is_handled(self, topic):
        # What it has led to goes out first, on the same connection: then the broker has it before the acknowledgement.
        return not self._outbox.items and not self._bindings.is_busy(topic)

    async def _release(self):
        while not self.knows_all():
            await asyncio.sleep(_MOMENT)
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
        states = {out[0] for out in runner.outs.values()} | {memory_topic(runner.id)}
        for state in states:
            outbox._states.pop(state, None)
        if outbox.items:
            outbox.items = [item for item in outbox.items if type(item) is not list or item[0][0] not in states]

    async def clear(self, participant_id):
        """Clear what the broker retains of a participant that is not there; raises ConnectError."""
        bound = "fbp/bound/" + escape(participant_id)
        for topic in (bound, memory_topic(participant_id), participant_topic(participant_id)):
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


class _Presence(Presence):
    """Announces a participant no more that leaves while others are announced."""

    def add(self, participant):
        super().add(participant)
        participant_id = participant._runner.id
        self._messages[participant_id] = bytearray(self._messages[participant_id])

    def forget(self, runner):
        """Announce this participant no more: its message is emptied, for it may be on its way."""
        self.participants = [each for each in self.participants if each._runner is not runner]
        self._messages.pop(runner.id).clear()

    async def _tell(self, topic, payload, qos=0, retain=False):
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
    """What a participant that has left has for a session: nothing is sent any more."""

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
