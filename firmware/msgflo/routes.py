"""Which inports a packet goes to, by its topic."""

from .topics import is_filter, matches

__all__ = ("Routes",)

_REMEMBERED = 64


class _Route:
    """From a topic or filter to an inport.

    The broker sends a retained value again for each subscription that is made later for another inport, so that each
    route remembers (up to a bound) which topics it has had one from since the last connection.
    """

    def __init__(self, runner, port):
        self.runner = runner
        self.port = port
        self.receive = runner.receive
        self.had = ()

    def repeats(self, topic):
        """Tell whether the retained value of a topic has gone this way before."""
        if topic in self.had:
            return True
        if len(self.had) < _REMEMBERED:
            self.had += (topic,)
        return False


class Routes:
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
                    route.had = ()
        return list(self._topics) + list(self._filters)

    def deliver(self, topic, payload, retained):
        """Hand a packet to each inport that it is for, once."""
        routes = self._topics.get(topic, ())
        if self._filters:
            routes = self._with_filters(topic, routes)
        for route in routes:
            if not retained or not route.repeats(topic):
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
