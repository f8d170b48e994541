"""Routes packets to inports: those with the packet's topic, and those that the coordinator has bound to it."""

from .errors import ConfigError, ConnectError, SubscribeError
from .packets import decode
from .topics import bind_topic, check_filter, is_filter, is_safe, matches

__all__ = ("Bindings",)

_REMEMBERED = 64


class Bindings:
    """Takes the binding lists of a session's participants, subscribes accordingly, and delivers packets.

    There is a route from each topic or filter to each inport that it is for: `[runner, inport, topics that it has had a
    packet on since the last connection (None: none)]`. The last, up to a bound, because the broker sends a retained
    value again with each later subscription for another inport: for the others it is no news.
    """

    def __init__(self, runners, transport, log):
        self.changed = False  # whether lists were taken that are not applied yet
        self._runners = runners
        self._transport = transport
        self._log = log
        self._lists = {}  # participant id -> {inport: [sources]}
        self._answers = {}  # topic of a list -> its version, to be confirmed once it is applied (b"": it has none)
        self._dropped = {}  # participant id -> how many sources its list had that memory was too short for
        self._topics = {bind_topic(runner.id): runner for runner in runners if runner.ins}
        self._unheard = []  # topics of lists that are not subscribed to yet
        self._unconfirmed = []  # topics of lists that are from an earlier connection, until they come again
        self._just_renewed = False
        self._routes = {}  # topic or filter -> [route]
        self._filters = ()  # those with wildcards

    def add(self, runner):
        """Take in a runner that has just been added to the session's."""
        if runner.ins:
            topic = bind_topic(runner.id)
            self._topics[topic] = runner
            self._unheard.append(topic)
            self.changed = True

    def take(self, topic, payload):
        """Take a packet if it is a binding list; returns whether it is. Malformed parts of it are logged."""
        runner = self._topics.get(topic)
        if runner is None:
            return False
        if topic in self._unconfirmed:
            self._unconfirmed.remove(topic)
        lists = self._lists[runner.id] = {}
        self._answers[topic] = b""
        self.changed = True
        try:
            bound = decode(payload) if payload else {}
            if isinstance(bound, dict):
                about = bound.pop("", None)
                for inport, sources in bound.items():
                    try:
                        lists[inport] = _checked(sources, runner, inport, self._log)
                    except ConfigError as e:
                        self._log(str(e))
                self._note(topic, runner, about if isinstance(about, dict) else {})
            else:
                what = 'bindings of {}: {:.80} is no {{"inport": [...]}}'
                self._log(what.format(runner.id, repr(payload)))
        except MemoryError:
            bound = lists = sources = None  # for the log there must be some again
            self._drop(runner.id, payload.count(b",") + 1)
        return True

    def _note(self, topic, runner, about):
        """Read what a list states about itself."""
        if about:
            self._answers[topic] = str(about.get("version")).encode()

    def deliver(self, topic, payload, retained):
        """Hand a packet to each inport that it is for, once."""
        routes = self._routes.get(topic, ())
        if self._filters:
            routes = list(routes)
            for topic_filter in self._filters:
                if matches(topic_filter, topic):
                    routes += [r for r in self._routes[topic_filter] if _find(routes, r[0], r[1]) is None]
        for route in routes:
            runner, inport, had = route
            if had is None:
                had = route[2] = set()
            if topic not in had:
                if len(had) < _REMEMBERED:
                    had.add(topic)
            elif retained:
                continue
            runner.receive(inport, topic, payload, retained)

    def lost(self):
        """Take note that the connection has ended: with the next one, what is retained is news."""
        for routes in self._routes.values():
            for route in routes:
                route[2] = None

    async def renew(self):
        """Subscribe to everything, on a new connection."""
        self._update()
        self._unconfirmed = [topic for topic, runner in self._topics.items() if self._lists.get(runner.id)]
        self._just_renewed = True
        self._unheard = []
        await self._subscribe(list(self._routes) + list(self._topics))

    async def apply(self):
        """Apply what was taken, and confirm it."""
        added, gone = self._update()
        added += self._unheard
        self._unheard = []
        await self._subscribe(added)
        if gone:
            await self._transport.unsubscribe(gone)
        while self._answers and not self.changed:
            await self._transport.drain()
            topic, version = self._answers.popitem()
            self._transport.publish("fbp/bound/{}".format(topic[9:]), version, retain=True)

    def withdraw_unconfirmed(self):
        """Drop the lists that did not come again, the second time that this is called on a connection.

        They were withdrawn while we were away; or the broker lost them, and no coordinator has written them again.
        """
        if self._just_renewed:
            self._just_renewed = False
            return
        for topic in list(self._unconfirmed):
            self.take(topic, b"")

    def _update(self):
        """Make the routes anew; returns what to subscribe to and what to unsubscribe from.

        A topic that was subscribed to but has a new inport is among the first: that one wants the retained value.
        """
        self.changed = False
        old = self._routes
        while True:
            try:
                self._routes = {}
                added = []
                for runner in self._runners:
                    lists = self._lists.get(runner.id) or {}
                    for inport, (topic, _) in runner.ins.items():
                        for source in lists.get(inport, ()):
                            self._route(source, runner, inport, old, added)
                        self._route(topic, runner, inport, old, added)
                self._filters = [source for source in self._routes if is_filter(source)]
                if any(self._lists.values()):
                    list(map(bytearray, (256,) * 6))  # so much must remain, in pieces, for all that is not bindings
                return added, [source for source in old if source not in self._routes]
            except MemoryError:
                self._routes = old
                added = None
                if not self._drop_most():
                    raise

    def _drop_most(self):
        """Leave out the list with the most sources; returns whether there was one.

        Not the latest: so it is the same one again after a reconnection, in whatever order the lists come.
        """
        size = 0, None
        for participant, lists in self._lists.items():
            size = max(size, (sum(map(len, lists.values())), participant))
        if size[0]:
            self._drop(size[1], size[0])
        return size[0]

    def _drop(self, participant, count):
        self._lists[participant] = {}
        if self._dropped.get(participant) != count:  # else it was logged: the list comes with each connection
            self._dropped[participant] = count
            self._log("bindings of {}: no memory for {} sources; left out".format(participant, count))

    def _route(self, source, runner, inport, old, added):
        routes = self._routes.setdefault(source, [])
        if _find(routes, runner, inport) is None:
            route = _find(old.get(source, ()), runner, inport)
            if route is None and source not in added:
                added.append(source)
            routes.append(route or [runner, inport, None])

    async def _subscribe(self, filters, qos=1):
        try:
            # The broker delivers with the QoS of the sender, or this if lower.
            await self._transport.subscribe([(topic_filter, qos) for topic_filter in filters])
        except SubscribeError as e:
            self._log(str(e))
        except MemoryError:  # the transport has ended the connection; the next one shall fare better
            self._drop_most()
            raise ConnectError from None


def _find(routes, runner, inport):
    for route in routes:
        if route[0] is runner and route[1] == inport:
            return route
    return None


def _checked(sources, runner, inport, log):
    where = "bindings of {}, {!r}".format(runner.id, inport)
    if inport not in runner.ins:
        raise ConfigError("{}: no such inport; there are: {}".format(where, ", ".join(runner.ins)))
    if not isinstance(sources, list):
        raise ConfigError("{}: {!r} is no list".format(where, sources))
    good = []
    wrong = None  # one of those that are left out
    for source in sources:
        try:
            if is_safe(check_filter(source, where)):
                good.append(source)
            else:
                what = "{}: {:.80} has a control character, or more than 200 slashes"
                wrong = what.format(where, repr(source))
        except ConfigError as e:
            wrong = str(e)
    if wrong:
        log(wrong)
    return good
