"""A session that the broker stores while its client is away (MQTT 3.1.1, §3.1.2.4).

Events wait there: their topics are subscribed to with QoS 1. States do not: their topics are subscribed to with QoS 0, and
the latest value comes with the subscription. Lists come with QoS 0: with QoS 1 they would wait behind what waits.
"""

from . import bindings, session
from ._platform import ticks_diff, ticks_ms
from .topics import can_be_subscribed, escape, matches

__all__ = ("Bindings", "Session", "memory_topic")

PATIENCE = 2000  # ms: the broker sends only so many packets before it waits for acknowledgements


def memory_topic(participant_id):
    """Return the topic that retains what a participant remembers."""
    return "fbp/memory/" + escape(participant_id)


class Bindings(bindings.Bindings):
    """As in msgflo.bindings, of a session that the broker stores."""

    def __init__(self, runners, transport, log):
        super().__init__(runners, transport, log)
        self._states = {}  # participant id -> topics of states that are bound to it
        self._left = []  # filters that the session may have from an earlier life

    def _note(self, topic, runner, about):
        super()._note(topic, runner, about)
        self._states[runner.id] = ()
        try:
            self._states[runner.id] = tuple(about.get("states", ()))
            self._left += about.get("drop", ())
        except TypeError:  # no list: the rest of the list is applied
            pass

    async def apply(self):
        """Apply what was taken, and confirm it."""
        await super().apply()
        left = [
            each for each in self._left if can_be_subscribed(each) and each not in self._routes and each[:4] != "fbp/"
        ]
        self._left = []
        await self._transport.unsubscribe(left)

    def is_busy(self, topic):
        """Tell whether an async handler of a participant that gets packets on a topic is not done."""
        sources = [topic] + [each for each in self._filters if matches(each, topic)]
        return any(route[0]._worker is not None for each in sources for route in self._routes.get(each, ()))

    async def _subscribe(self, filters, qos=1):
        # Lists and memories first: then they come before the answer to the rest.
        quiet = self._quiet(filters)
        await super()._subscribe(quiet, 0)
        await super()._subscribe([each for each in filters if each not in quiet], qos)

    def _quiet(self, filters):
        """Return those of these filters that are subscribed to with QoS 0."""
        return [
            each
            for each in filters
            if each.startswith("fbp/") or any(each in states for states in self._states.values())
        ]


class Session(session.Session):
    """As in msgflo.session, which the broker stores while this program is away."""

    def __init__(self, participants, broker="mqtt://localhost", **options):
        super().__init__(participants, broker, **options)
        self._bindings = Bindings(self._runners, self._transport, self.log)
        self._unhandled = []  # (topic, packet id) of what has come and is not handled yet
        self._transport.clean = False
        self._transport.holds = True
        self._acknowledge = self._transport.handled
        self._transport.handled = self._handled  # pyright: ignore[reportAttributeAccessIssue]

    def knows_all(self):
        """Tell whether all is known that decides what becomes of packets: lists, and what participants remember.

        Until then none with QoS 1 is handled; the broker keeps them.
        """
        settled = self.connected and not self._bindings.changed and not self._newcomers
        return settled and all(getattr(runner, "_held", None) is None for runner in self._runners)

    def receive(self, topic, payload, retained):
        """Take a packet that the broker has sent."""
        super().receive(topic, payload, retained)
        if self._transport.holds:
            self._wake.set()  # all may be known by now

    def _lost(self, unacknowledged):
        if self.knows_all():
            self._transport.holds = False  # what was left to the broker comes with the next connection
        super()._lost(unacknowledged)
        self._unhandled = []

    def _handled(self, topic, pid):
        self._unhandled.append((topic, pid, ticks_ms()))
        self._acknowledge_all()

    def _acknowledge_all(self):
        # What it has led to goes out first, on the same connection: then the broker has it before the acknowledgement.
        if self._outbox.items:
            return
        waiting = []
        for each in self._unhandled:
            # In the order in which they came (MQTT 3.1.1, 4.6), unless the first waits for a handler that may never end.
            if (waiting and ticks_diff(ticks_ms(), waiting[0][2]) < PATIENCE) or self._bindings.is_busy(each[0]):
                waiting.append(each)
            else:
                self._acknowledge(each[0], each[1])
        self._unhandled = waiting

    async def _flush(self):
        if self._transport.holds and self.knows_all():
            await self._release()
        await super()._flush()
        self._acknowledge_all()

    async def _release(self):
        # What comes from now on would come before what was left.
        if self._transport.has_left:  # pyright: ignore[reportAttributeAccessIssue]
            await self._transport.disconnect()
        else:
            self._transport.holds = False
