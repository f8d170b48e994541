"""Packets that wait to be sent."""

from ._platform import MICROPYTHON

__all__ = ("Outbox",)


class Outbox:
    """Packets in the order in which they are to go out, each with its outport: `(topic, qos, retain, …)`.

    Of each state the latest value is stored, so that it can be sent again. At most `limit` events wait: then the oldest
    is dropped and counted in `dropped`.
    """

    def __init__(self, limit):
        self.limit = limit
        self.dropped = 0
        self.items = []  # event: (outport, payload); state: [outport, payload, whether it is in here]
        if MICROPYTHON:
            # While the heap is in one piece: later there may be no space for a list that is twice as long.
            self.items.extend(range(min(limit, 64) + 8))
            del self.items[:]  # `clear` would free the memory
        self._events = 0  # how many of them are events
        self._states = {}  # topic -> state

    def event(self, out, payload):
        """Add an event."""
        self.items.append((out, payload))
        self._events += 1
        if self._events > self.limit:
            self._drop()

    def state(self, out, payload):
        """Add a state, or replace the value of one that waits already."""
        item = self._states.get(out[0])
        if item is None:
            item = self._states[out[0]] = [out, payload, False]
        else:
            item[1] = payload
        if not item[2]:
            item[2] = True
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
                    item[2] = False
                else:
                    self._events -= 1
                out = item[0]
                transport.publish(out[0], item[1], qos=out[1], retain=out[2])
        finally:
            del self.items[:sent]

    def restore(self, unacknowledged):
        """After a connection's end, put in front what it left unacknowledged, then the latest value of each state.

        States that were acknowledged are sent again too: a broker that was restarted may have forgotten them.
        """
        again = []
        for topic, payload, qos, retain in unacknowledged:
            if topic not in self._states:
                again.append(((topic, qos, retain), payload))
        self._events += len(again)
        for state in self._states.values():
            if not state[2]:
                state[2] = True
                again.append(state)
        self.items[:0] = again
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
