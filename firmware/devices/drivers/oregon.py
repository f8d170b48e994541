"""Oregon Scientific v2.1: sensors with Manchester code; loaded when the first one is heard.

Format: "Oregon Scientific RF Protocol Description" (wmrx00), and the source of rtl_433, src/devices/oregon_scientific.c.
"""

from micropython import const

from .protocols import reading

__all__ = ("Oregon",)

_STORED = const(23)  # nibbles; of the clocks' messages, which are longer, the others are only counted
_LONGEST = const(43)
_SILENCE = const(5500)  # µs; such a gap ends a message, in shorter ones pulses were lost

# The sensor's code, of which a dot is any digit; how many nibbles its message has; the place of the checksum, behind which
# there is nothing of interest: humidity is there from 15 on; what a pressure begins with; the model.
_SENSORS = """\
1d20 19 15 0 THGR122N
1d30 19 15 0 THGR968
ec40 16 12 0 THN132N
ec40 19 12 0 THR228N
cc43 17 12 0 THN129
.cd3 17 12 0 RTHN129
.cc3 19 15 0 RTGN318
.cc3 20 15 0 RTGN129
.cc3 43 15 0 RTGR328N
cc23 43 15 0 THGR328N
5d60 23 19 856 BHTR968
5d50 21 19 795 BTHR918"""


class Oregon:
    """Reads a message, from its preamble on; `active` until it has ended, or is none.

    The clock is 1024 Hz, so that half a bit has 488 µs.
    """

    def __init__(self):
        self._nibbles = bytearray(_STORED + 1)

    def begin(self):
        """The preamble is there: bits that alternate, of which the last one was a 0."""
        self.active = True
        self._edge = True  # the last edge was in the middle of a bit
        self._last = 0
        self._at = 0  # bits from the sync nibble on; each was sent after its opposite

    def half(self, length, level):
        """Take the length of a pulse (level 1) or gap (0); returns (message, packet) where that ends one.

        The packet of a sensor that is not in the table is None.
        """
        if not self.active:
            return None
        if not 200 < length < 1250 or (length > 700 and not self._edge):
            self.active = False
            return self._message() if length > _SILENCE else None
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
        if at <= _STORED:
            nibbles[at] = (nibbles[at] if bit else 0) | level << bit
        # Bits come from the right; the sync nibble is 10.
        if level == last or (bit == 3 and nibbles[0] != 10):
            self.active = False
        elif bit == 3 and at == _LONGEST:
            self.active = False
            return self._message()
        return None

    def _message(self):
        count = (self._at + 4 >> 3) - 1  # a bit more or less at the end does not matter
        if count < 14:
            return None
        nibbles = self._nibbles[1 : min(count, _STORED) + 1]
        sensor = "%x%x%x%x" % tuple(nibbles[:4])
        known = False
        for line in _SENSORS.split("\n"):
            code, length, check, pressure, model = line.split()
            if code == sensor or code == "." + sensor[1:]:
                known = True
                if int(length) == count:
                    check = int(check)
                    packet = _packet(nibbles, check, int(pressure), model)
                    # What is behind the checksum may be cut off when it is repeated.
                    return (bytes(nibbles[: check + 2]), packet) if packet else None
        return None if known else (bytes(nibbles), None)


def _packet(nibbles, check, pressure, model):
    """Return the packet of a message; None where it is wrong."""
    if sum(nibbles[:check]) & 255 != nibbles[check] | nibbles[check + 1] << 4:
        return None
    humidity = nibbles[12] + nibbles[13] * 10 if check >= 15 else None
    if max(nibbles[8:11]) > 9 or (humidity and max(nibbles[12:14]) > 9):
        return None
    temperature = (nibbles[8] + nibbles[9] * 10 + nibbles[10] * 100) / (-10 if nibbles[11] else 10)
    id = nibbles[5] | nibbles[6] << 4
    packet = reading("Oregon-" + model, id, nibbles[4], not nibbles[7] & 4, temperature, humidity)
    if packet and pressure:
        packet["pressure"] = pressure + (nibbles[15] | nibbles[16] << 4)
    return packet
