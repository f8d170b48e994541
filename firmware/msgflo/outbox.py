"""What is to be sent and could not be sent yet."""

__all__ = ("Outbox",)


class Outbox:
    """Packets in the order in which they are to go out.

    Of each state the latest value is kept, so that it can be sent again. At most `limit` events wait: then the oldest
    is dropped and counted in `dropped`.
    """

    def __init__(self, limit):
        self.limit = limit
        self.dropped = 0
        self.items = []  # event: (topic, payload, qos, retain); state: a list of the same and whether it is in here
        self._events = 0  # how many of them are events
        self._states = {}  # topic -> state

    def event(self, topic, payload, qos, retain):
        """Add an event."""
        self.items.append((topic, payload, qos, retain))
        self._events += 1
        if self._events > self.limit:
            self._drop()

    def state(self, topic, payload, qos, retain):
        """Add a state, or replace the value of one that waits already."""
        item = self._states.get(topic)
        if item is None:
            item = self._states[topic] = [topic, payload, qos, retain, False]
        else:
            item[1] = payload
        if not item[4]:
            item[4] = True
            self.items.append(item)

    def drain(self, transport):
        """Send as much as the transport takes now."""
        sent = 0
        try:
            for item in self.items:
                if not transport.ready:
                    break
                sent += 1  # before publishing: what cannot be published must not stay and fail for ever
                if type(item) is list:
                    item[4] = False
                else:
                    self._events -= 1
                transport.publish(item[0], item[1], qos=item[2], retain=item[3])
        finally:
            del self.items[:sent]

    def restore(self, unacknowledged):
        """After a connection's end, put in front what it left unacknowledged, then the latest value of each state.

        States that were acknowledged are sent again too: a broker that was restarted may have forgotten them.
        """
        again = [item for item in unacknowledged if item[0] not in self._states]
        self._events += len(again)
        for state in self._states.values():
            if not state[4]:
                state[4] = True
                again.append(state)
        self.items = again + self.items
        self._drop()

    def _drop(self):
        i = 0
        while self._events > self.limit:
            if type(self.items[i]) is list:
                i += 1
            else:
                del self.items[i]
                self._events -= 1
                self.dropped += 1
