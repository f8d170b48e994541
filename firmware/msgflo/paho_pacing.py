"""When to read less often: under load, a short pause between reads lets each carry many packets instead of one. Pure."""

__all__ = ("PAUSE_S", "Pacing")

PAUSE_S = 0.001
"""How long to wait between reads under load; event loops count in milliseconds."""

_MEASURED_S = 0.01
_COMPARED_S = 0.02
_BUSY_PER_S = 5000  # one packet in 200 µs: below this, a system call for each costs little
_WORSE = 0.7
_FIRST_REST_S, _LONGEST_REST_S = 0.1, 1.6


class Pacing:
    """Decides after each read whether to pause before the next.

    It pauses while packets come faster than 5000/s, unless pausing slows their arrival: then the sender waits for what we
    make of them, and is held up. That is found out by trying, for 20 ms, again after 0.1 to 1.6 s.
    """

    def __init__(self):
        self._since = 0.0
        self._packets = 0
        self._open_rate = 0.0  # packets/s that came without pauses; 0 = not pausing
        self._rest_s = _FIRST_REST_S
        self._rest_until = 0.0

    def pause(self, packets, now):
        """Take note of a read that brought some packets at time `now` (s); True to pause before the next."""
        self._packets += packets
        elapsed = now - self._since
        if elapsed < (_COMPARED_S if self._open_rate else _MEASURED_S):
            return self._open_rate > 0
        rate = self._packets / elapsed
        self._since = now
        self._packets = 0
        if not self._open_rate:
            if rate > _BUSY_PER_S and now >= self._rest_until:
                self._open_rate = rate
        elif rate < _WORSE * self._open_rate:
            self._open_rate = 0.0
            self._rest_until = now + self._rest_s
            self._rest_s = min(2 * self._rest_s, _LONGEST_REST_S)
        else:
            self._rest_s = _FIRST_REST_S
        return self._open_rate > 0
