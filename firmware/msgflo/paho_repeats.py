"""Packets of QoS 1 that a broker sends again although they have come: their acknowledgement was lost with a connection."""

__all__ = ("Repeats",)

_REMEMBERED = 1000  # packets; Mosquitto has 20 under way to a client, and uses a packet id anew after 65535


class Repeats:
    """Remembers the last packets of one session (MQTT 3.1.1, 4.4), whatever connections it has. Pure."""

    def __init__(self):
        self._contents = {}  # packet id -> hash of topic and payload, oldest first
        self._is_sure = True

    def is_repeat(self, packet_id, topic, payload, dup):
        """Take note of a packet, and tell whether it has come before; `dup` is its flag."""
        content = hash((topic, payload))
        known = self._contents.pop(packet_id, None)
        self._contents[packet_id] = content
        if len(self._contents) > _REMEMBERED:
            del self._contents[next(iter(self._contents))]
        if known is not None and not dup:
            # Of a broker that soon uses ids anew, a packet sent again may be one that never came, like another before it.
            self._is_sure = False
        return self._is_sure and bool(dup) and known == content

    def forget(self):
        """Begin with a new session."""
        self._contents.clear()
