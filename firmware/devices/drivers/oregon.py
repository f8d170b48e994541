"""Oregon Scientific v2.1: sensors with Manchester code; loaded when the first one is heard.

Format: "Oregon Scientific RF Protocol Description" (wmrx00), and the source of rtl_433, src/devices/oregon_scientific.c.
"""

from micropython import const

from .protocols import reading

__all__ = ("Oregon",)

_LONGEST = const(19)  # nibbles

# The sensor's code, the model, and the place of the checksum, which is 15 where there is humidity.
_SENSORS = "1d20 THGR122N 15 1d30 THGR968 15 ec40 THN132N 12"


class Oregon:
    """Reads a message, from its preamble on; `active` until it has ended, or is none.

    The clock is 1024 Hz, so that half a bit has 488 µs.
    """

    def __init__(self):
        self._nibbles = bytearray(_LONGEST + 1)

    def begin(self):
        """The preamble is there: bits that alternate, of which the last one was a 0."""
        self.active = True
        self._edge = True  # the last edge was in the middle of a bit
        self._last = 0
        self._at = 0  # bits from the sync nibble on; each was sent after its opposite

    def half(self, length, level):
        """Take the length of a pulse (level 1) or gap (0); returns (message, packet) where that makes a packet."""
        if not 200 < length < 1250 or (length > 700 and not self._edge):
            self.active = False
            return None
        if length <= 700:  # half a bit: the next edge is between bits, or is in the middle of one again
            self._edge = not self._edge
            if not self._edge:
                return None
        at = self._at
        last = self._last
        self._last = level
        if at == 0 and level != last:  # in the preamble each bit differs from the one before
            return None
        self._at = at + 1
        if not at & 1:
            return None
        bit = at >> 1 & 3
        at >>= 3
        nibbles = self._nibbles
        nibbles[at] = (nibbles[at] if bit else 0) | level << bit
        # Bits come from the right; the sync nibble is 10.
        if level == last or (bit == 3 and (at == _LONGEST or nibbles[0] != 10)):
            self.active = False
        elif bit == 3:
            packet = _packet(nibbles[1:], at)
            if packet:
                return bytes(nibbles[1:at]), packet
        return None


def _packet(nibbles, count):
    """Return the packet of a message, as soon as its `count` nibbles are just enough for it; else None."""
    known = _SENSORS.split()
    sensor = "%x%x%x%x" % tuple(nibbles[:4])
    if count < 14 or sensor not in known:
        return None
    at = known.index(sensor)
    check = int(known[at + 2])
    if count != check + 2 or sum(nibbles[:check]) & 255 != nibbles[check] | nibbles[check + 1] << 4:
        return None
    humidity = nibbles[12] + nibbles[13] * 10 if check == 15 else None
    if max(nibbles[8:11]) > 9 or (humidity and max(nibbles[12:14]) > 9):
        return None
    temperature = (nibbles[8] + nibbles[9] * 10 + nibbles[10] * 100) / (-10 if nibbles[11] else 10)
    id = nibbles[5] | nibbles[6] << 4
    return reading("Oregon-" + known[at + 1], id, nibbles[4], not nibbles[7] & 4, temperature, humidity)
