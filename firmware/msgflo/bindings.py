"""Which inports a packet goes to: those with its topic, and those that the coordinator has bound to it."""

from .errors import ConfigError, SubscribeError
from .packets import decode
from .topics import bind_topic, check_filter, is_filter, matches

__all__ = ("Bindings",)

_REMEMBERED = 64


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
        self._routes = _Routes()
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
        bound = decode(payload) if payload else {}
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


class _Route:
    """From a topic or filter to an inport.

    The broker sends a retained value again for each subscription that is made later for another inport. So each route
    remembers (up to a bound) on which topics it has had a packet since the last connection: its value is no news.
    """

    def __init__(self, runner, port):
        self.runner = runner
        self.port = port
        self.receive = runner.receive
        self.had = set()


class _Routes:
    """The inports' own topics and what they are bound to, in one table."""

    def __init__(self):
        self._topics = {}  # topic -> [_Route]
        self._filters = {}  # filter with wildcards -> [_Route]

    def update(self, runners, bound):
        """Make the table anew; `bound` maps participant ids to `{inport: [sources]}`.

        Returns `([filters to subscribe to], [filters to unsubscribe from])`. The first may hold some that are
        subscribed to already: they have a new inport, which wants the retained value.
        """
        old = self._topics, self._filters
        self._topics, self._filters = {}, {}
        wanted = []
        for runner in runners:
            lists = bound.get(runner.id) or {}
            for port, (topic, _) in runner.ins.items():
                sources = [topic]
                sources += lists.get(port, [])
                for source in sources:
                    if self._add(source, runner, port, old) and source not in wanted:
                        wanted.append(source)
        gone = [t for table in old for t in table if t not in self._topics and t not in self._filters]
        return wanted, gone

    def _add(self, source, runner, port, old):
        """Add a route unless it is there; returns whether it is new to the old tables too."""
        which = is_filter(source)
        routes = (self._filters if which else self._topics).setdefault(source, [])
        if _find(routes, runner, port) is not None:
            return False
        route = _find(old[which].get(source, ()), runner, port)
        routes.append(route or _Route(runner, port))
        return route is None

    def renew(self):
        """For a new connection, on which all retained values come again: returns all filters to subscribe to."""
        for table in (self._topics, self._filters):
            for routes in table.values():
                for route in routes:
                    route.had = set()
        return list(self._topics) + list(self._filters)

    def deliver(self, topic, payload, retained):
        """Hand a packet to each inport that it is for, once."""
        routes = self._topics.get(topic, ())
        if self._filters:
            routes = self._with_filters(topic, routes)
        for route in routes:
            if topic not in route.had:
                if len(route.had) < _REMEMBERED:
                    route.had.add(topic)
            elif retained:
                continue
            route.receive(route.port, topic, payload, retained)

    def _with_filters(self, topic, routes):
        routes = list(routes)
        for topic_filter, others in self._filters.items():
            if matches(topic_filter, topic):
                routes += [route for route in others if _find(routes, route.runner, route.port) is None]
        return routes


def _find(routes, runner, port):
    for route in routes:
        if route.runner is runner and route.port == port:
            return route
    return None
