"""Bindings for a session that the broker keeps while its client is away (MQTT 3.1.1, §3.1.2.4); CPython only.

Events wait there: their topics are subscribed to with QoS 1. States do not: their topics are subscribed to with QoS 0, and
the latest value comes with the subscription. Lists come with QoS 0: with QoS 1 they would wait behind what waits.
"""

from . import bindings
from .errors import SubscribeError
from .packets import decode
from .topics import bind_topic, is_filter, matches

__all__ = ("Bindings",)


class Bindings(bindings.Bindings):
    __doc__ = bindings.Bindings.__doc__

    def __init__(self, runners, transport, log):
        super().__init__(runners, transport, log)
        self._states = {}  # participant id -> topics of states that are bound to it
        self._left = set()  # filters that the session may have from an earlier life
        self._qos = {}  # filter -> QoS with which it is subscribed to

    def take(self, topic, payload):
        """Take a packet if it is a binding list; returns whether it is. What is malformed in one is logged."""
        runner = self._topics.get(topic)
        if runner is not None:
            found = decode(payload) if payload else None
            about = found.get("") if isinstance(found, dict) else None
            about = about if isinstance(about, dict) else {}
            self._states[runner.id] = _texts(about.get("states"))
            self._left.update(_texts(about.get("drop")))
        return super().take(topic, payload)

    async def apply(self):
        """Apply what was taken, and confirm it."""
        await super().apply()
        quiet = self._quiet()
        if others := [each for each in self._routes if self._qos.get(each) == (each in quiet)]:
            await self._subscribe(others)
        left = [each for each in self._left if each not in self._routes]
        self._left.clear()
        if left:
            await self._transport.unsubscribe(left)

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

    def is_busy(self, topic):
        """Tell whether an async handler of a participant that gets packets on a topic is not done."""
        routes = list(self._routes.get(topic, ()))
        for topic_filter in self._filters:
            if matches(topic_filter, topic):
                routes += self._routes[topic_filter]
        return any(route[0]._worker is not None for route in routes)

    async def _subscribe(self, filters):
        quiet = self._quiet()
        first = {each for each in quiet if each.startswith("fbp/")}
        self._qos.update((each, 0 if each in quiet else 1) for each in filters)
        # Lists and memories first: then they come before the answer to the rest.
        for parts in ([each for each in filters if each in first], [each for each in filters if each not in first]):
            try:
                await self._transport.subscribe([(each, self._qos[each]) for each in parts])
            except SubscribeError as e:
                self._log(str(e))

    def _quiet(self):
        """Return the topics that are subscribed to with QoS 0: of lists, of memories, and of states."""
        own = {topic for runner in self._runners for topic, _ in runner.ins.values()}
        states = set().union(*self._states.values()) - own
        # A broker may send a packet once for several filters, with the QoS of any of them.
        quiet = {each for each in states if not is_filter(each) and not any(matches(f, each) for f in self._filters)}
        return quiet.union(self._topics, [each for each in own if each.startswith("fbp/")])


def _texts(found):
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
