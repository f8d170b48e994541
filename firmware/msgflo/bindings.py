"""Which inports a packet goes to: those whose topic it came on, and those bound to that topic by the coordinator."""

import json

from .errors import ConfigError
from .topics import check_filter, is_filter, matches

__all__ = ("Bindings",)

_REMEMBERED = 64


class _Route:
    """From a topic or filter to an inport.

    The broker sends a retained value again for each subscription that is made later for another inport, so that each
    route remembers (up to a bound) which topics it has had one from since the last connection.
    """

    def __init__(self, participant, port):
        self.participant = participant
        self.port = port
        self.had = ()

    def repeats(self, topic):
        """Tell whether the retained value of a topic has gone this way before."""
        if topic in self.had:
            return True
        if len(self.had) < _REMEMBERED:
            self.had += (topic,)
        return False


class Bindings:
    """The routes of a session's participants, own topics and direct bindings together."""

    def __init__(self, participants):
        self._participants = participants
        self._lists = {}  # participant id -> {inport: [sources]}
        self._topics = {}  # topic -> [_Route]
        self._filters = {}  # filter with wildcards -> [_Route]
        self.update()

    def take(self, participant, payload):
        """Take a participant's list of bindings; `update` puts it in force.

        Raises ConfigError that says what is malformed in it; the rest is taken.
        """
        where = "bindings of {}".format(participant.id)
        lists = self._lists[participant.id] = {}
        try:
            bound = json.loads(str(payload, "utf-8")) if payload else {}
        except ValueError:
            bound = None
        if not isinstance(bound, dict):
            raise ConfigError('{}: {:.80} is not of the form {{"inport": ["topic"]}}'.format(where, repr(payload)))
        trouble = []
        for port, sources in bound.items():
            try:
                lists[port] = _checked(sources, participant, port)
            except ConfigError as e:
                trouble.append(str(e))
        if trouble:
            raise ConfigError("{}: {}".format(where, "; ".join(trouble)))

    def bound(self, participant):
        """Tell whether a participant has bindings."""
        return bool(self._lists.get(participant.id))

    def update(self):
        """Put what was taken in force; returns `([filters to subscribe to], [filters to unsubscribe from])`.

        Among the first are those that are subscribed to but have a new inport now: it wants the retained value.
        """
        old = self._topics, self._filters
        self._topics, self._filters = {}, {}
        wanted = []
        for participant in self._participants:
            lists = self._lists.get(participant.id) or {}
            for port, (topic, _) in participant._in.items():
                for source in [topic, *lists.get(port, [])]:
                    if self._add(source, participant, port, old) and source not in wanted:
                        wanted.append(source)
        gone = [t for table in old for t in table if t not in self._topics and t not in self._filters]
        return wanted, gone

    def _add(self, source, participant, port, old):
        """Add a route unless it is there; returns whether it is new to the old tables too."""
        which = is_filter(source)
        routes = (self._filters if which else self._topics).setdefault(source, [])
        if _find(routes, participant, port) is not None:
            return False
        route = _find(old[which].get(source, ()), participant, port)
        routes.append(route or _Route(participant, port))
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
                route.participant._receive(route.port, topic, payload, retained)

    def _with_filters(self, topic, routes):
        routes = list(routes)
        for topic_filter, others in self._filters.items():
            if matches(topic_filter, topic):
                routes += [route for route in others if _find(routes, route.participant, route.port) is None]
        return routes


def _checked(sources, participant, port):
    if port not in participant._in:
        raise ConfigError("there is no inport {!r}; there are: {}".format(port, ", ".join(participant._in)))
    if not isinstance(sources, list):
        raise ConfigError("inport {!r}: {!r} is not a list of topics".format(port, sources))
    return [check_filter(source, "inport {!r}".format(port)) for source in sources]


def _find(routes, participant, port):
    for route in routes:
        if route.participant is participant and route.port == port:
            return route
    return None
