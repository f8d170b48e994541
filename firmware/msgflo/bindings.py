"""Direct bindings: the coordinator writes what each inport is bound to, and the session subscribes to it."""

import json

from .errors import ConfigError, SubscribeError
from .routes import Routes
from .topics import bind_topic, check_filter

__all__ = ("Bindings",)


class Bindings:
    """Keeps routes and subscriptions in step with the binding lists of a session's participants."""

    def __init__(self, runners, transport, log):
        self.changed = False  # whether lists were taken that are not in force yet
        self._runners = runners
        self._transport = transport
        self._log = log
        self._lists = {}  # participant id -> {inport: [sources]}
        self._topics = {bind_topic(runner.id): runner for runner in runners if runner.ins}
        self._unconfirmed = []  # whose list is from an earlier connection and did not come again on this one
        self._routes = Routes()
        self.deliver = self._routes.deliver

    def take(self, topic, payload):
        """Take a packet if it is a binding list; returns whether it is. What is malformed in one is logged."""
        runner = self._topics.get(topic)
        if runner is None:
            return False
        self._take(runner, payload)
        return True

    async def renew(self):
        """Subscribe to everything, on a new connection."""
        self._update()
        self._unconfirmed = [runner for runner in self._runners if self._lists.get(runner.id)]
        await self._subscribe(self._routes.renew() + list(self._topics))

    async def apply(self):
        """Put in force what was taken."""
        wanted, gone = self._update()
        await self._subscribe(wanted)
        if gone:
            await self._transport.unsubscribe(gone)

    def withdraw_unconfirmed(self):
        """Drop the lists that did not come again: they were withdrawn while we were away, or the broker lost them."""
        for runner in self._unconfirmed[:]:
            self._take(runner, b"")

    def _take(self, runner, payload):
        if runner in self._unconfirmed:
            self._unconfirmed.remove(runner)
        lists = self._lists[runner.id] = {}
        try:
            bound = json.loads(str(payload, "utf-8")) if payload else {}
        except ValueError:
            bound = None
        if isinstance(bound, dict):
            for port, sources in bound.items():
                try:
                    lists[port] = _checked(sources, runner, port)
                except ConfigError as e:
                    self._log(str(e))
        else:
            what = 'bindings of {}: {:.80} is not of the form {{"inport": ["topic"]}}'
            self._log(what.format(runner.id, repr(payload)))
        self.changed = True

    def _update(self):
        self.changed = False
        return self._routes.update(self._runners, self._lists)

    async def _subscribe(self, filters):
        try:
            # The broker delivers with the QoS of the sender, or this if lower.
            await self._transport.subscribe([(topic_filter, 1) for topic_filter in filters])
        except SubscribeError as e:
            self._log(str(e))


def _checked(sources, runner, port):
    where = "bindings of {}, inport {!r}".format(runner.id, port)
    if port not in runner.ins:
        raise ConfigError("{}: there is no such inport; there are: {}".format(where, ", ".join(runner.ins)))
    if not isinstance(sources, list):
        raise ConfigError("{}: {!r} is not a list of topics".format(where, sources))
    return [check_filter(source, where) for source in sources]
