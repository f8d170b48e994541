"""Finds frames among the pulses of a 433 MHz receiver (on-off keying).

A frame is what lies between two long gaps, or between sync pulses, and has gaps of two lengths: that is so with pulse
distance modulation and, as pulse and gap add up to the same, with pulse width modulation. So a frame is sliced once,
by its own shortest and longest gap, and only then compared with what protocols there are (protocols.py). Oregon v2.1 is
Manchester coded, and begins with many long pulses.
"""

from array import array

from micropython import const

from . import protocols

__all__ = ("Decoder",)

_RING = const(127)  # pulses that are stored, less one; the longest frame has 73
_GLITCH = const(60)  # µs; pulses and gaps that are shorter are noise
_SPIKE = const(200)  # µs; so are these in an Oregon's message, half a bit of which has 488 µs
_PREAMBLE = const(6)  # long pulses of an Oregon's 16; others have four of them
_CLOSING = const(3000)  # µs; such a gap ends a frame of the faster protocols (sync gap 4 ms)
_SILENCE = const(5500)  # µs; and such a gap any frame
_MIN = const(12)  # bits of a frame
_MAX = const(74)  # Nexa's sync gap included
_MEMORY = const(2000)  # ms; the same frame within this time is a repetition
_SAME = const(3)  # frames of an unknown code that must be the same
_CODES = const(6)  # codes that are remembered


class Decoder:
    """Give it pulses with `feed`; it returns packets: see protocols.py.

    Unknown codes are packets too: `protocol` "unknown", `code` (hexadecimal), `bits`, `coding` (ppm, pwm, oregon), and,
    where that is not oregon, in µs the middle `pulse`, the `short` and the `long` gap, and the `sync` gap.
    """

    def __init__(self):
        self._pulse = array("H", bytes(2 * _RING + 2))
        self._gap = array("H", bytes(2 * _RING + 2))
        self._oregon = None
        # Each: code, how often heard, ms since then, how often it must be, then 0; turns when heard last, and first.
        self._codes = []
        self._turn = 0
        self.reset()

    def reset(self):
        """Forget pulses of which no frame has come yet."""
        self._at = 0
        self._pulse[0] = self._gap[0] = _GLITCH
        # Pulses since a gap of _CLOSING and of _SILENCE, and since the last long pulse; long pulses; whether it is Oregon's.
        self._near = self._far = self._mark = self._long = 0
        self._coded = False

    def feed(self, pulses, ms):
        """Return the packets, if any, that alternating high and low durations in µs complete.

        `ms` is how long ago the last call was. Where there are no pulses for some 10 ms, a low of 65535 is expected.
        """
        for code in self._codes:
            code[2] += ms
        self._found = ()
        ps = self._pulse
        gs = self._gap
        at = self._at
        near = self._near
        far = self._far
        mark = self._mark
        long = self._long
        coded = self._coded
        glitch = _SPIKE if coded or long >= _PREAMBLE else _GLITCH
        for k in range(0, len(pulses) - 1, 2):
            p = pulses[k]
            g = pulses[k + 1]
            if p < glitch:  # this pulse is none
                g = min(gs[at] + p + g, 65535)
                p = ps[at]
            elif gs[at] < glitch:  # that gap was none
                p = min(ps[at] + gs[at] + p, 65535)
            else:
                if coded:
                    coded = self._manchester(ps[at], gs[at])
                    if not coded:
                        glitch = _GLITCH
                at = (at + 1) & _RING
                near += 1
                far += 1
                mark += 1
            ps[at] = p
            gs[at] = g
            if g >= _CLOSING:
                if coded:
                    coded = self._manchester(p, g)
                long = 0
                glitch = _GLITCH
                if _MIN < near <= _MAX:
                    self._slice(at, near - 1, g)
                if g >= _SILENCE:
                    if _MIN < far <= _MAX and near < far:
                        self._slice(at, far - 1, g)
                    far = 0
                near = 0
            elif 640 < p < 1250 and 600 < g < 1700 and 2 * g < 3 * p:
                # Long pulse, long gap: what Oregon begins with, and what separates frames of a TX141.
                if 32 < mark < 43:
                    self._slice(at, mark - 1, 0)
                long += 1
                mark = 0
                if long == _PREAMBLE:
                    glitch = _SPIKE
            elif long:
                if long >= _PREAMBLE and not coded:
                    if self._oregon is None:
                        from .oregon import Oregon

                        self._oregon = Oregon()
                    self._oregon.begin()
                    coded = True
                long = 0
                glitch = _SPIKE if coded else _GLITCH
        self._at = at
        self._near = min(near, 99)
        self._far = min(far, 99)
        self._mark = min(mark, 99)
        self._long = long
        self._coded = coded
        return self._found

    def _slice(self, end, count, sync):
        """Take the `count` pulses before `end` as a frame, if they are one."""
        if count == 65 or count == 73:  # Nexa's sync gap is part of it
            count -= 1
        ps = _part(self._pulse, end, count)
        gs = _part(self._gap, end, count)
        shortest = min(gs)
        longest = max(gs)
        if shortest < 100 or longest * 2 < shortest * 3:
            return
        value = _value(gs, shortest, longest)
        if value is None:  # most noise ends here
            return
        pwm = _is_pwm(ps, gs, longest)
        if pwm is None:
            return
        code = self._heard((value, count))
        if not code[3] or code[1] < code[3]:
            return
        known = protocols.frame(value, count, 0 if shortest < 350 else 1 if shortest < 1450 else 2, pwm)
        needed = known[0] if known else _SAME
        if code[1] < needed:
            code[3] = needed
            return
        if known:
            packet = known[1]
            if "code" in packet:  # short and long are four times the base
                packet["base"] = (min(ps) + max(ps) + shortest + longest) // 8
        else:
            packet = {"protocol": "unknown", "code": "%x" % value, "bits": count, "coding": "pwm" if pwm else "ppm"}
            packet["pulse"] = (min(ps) + max(ps)) // 2
            packet["short"] = shortest
            packet["long"] = longest
            packet["sync"] = sync
        self._emit(code, packet)

    def _heard(self, frame):
        """Return the entry of a code that was heard just now."""
        codes = self._codes = [code for code in self._codes if code[2] <= _MEMORY]
        turn = self._turn = self._turn + 1 if codes else 0
        for code in codes:
            if code[0] == frame:
                code[1] += 1
                code[2] = 0
                code[4] = turn
                return code
        if len(codes) == _CODES:
            # Damaged frames are many, and each is heard once: the last that may go is one that was heard again.
            codes.remove(min(codes, key=lambda code: (code[1] > 1, -code[2])))
        codes.append([frame, 1, 0, 2, turn, turn])
        return codes[-1]

    def _emit(self, code, packet):
        code[3] = 0
        # On, off and on again within the time are three: forget what of that length came before, and not in between.
        first = code[5]
        self._codes = [each for each in self._codes if each[4] >= first or each[0][1] != code[0][1]]
        self._found += (packet,)

    def _manchester(self, p, g):
        """Take a pulse and a gap of an Oregon message; returns whether it goes on."""
        oregon = self._oregon
        for found in (oregon.half(p, 1), oregon.half(g, 0)):
            if found:
                message, packet = found
                code = self._heard((message, 0))
                if packet is None and code[1] > 1:
                    packet = {"protocol": "unknown", "coding": "oregon", "bits": 4 * len(message)}
                    packet["code"] = "".join(["%x" % nibble for nibble in message])
                if packet and code[3]:
                    self._emit(code, packet)
        return oregon.active


def _value(gaps, shortest, longest):
    """Return the number that the gaps are, a long one is a 1; None where one is neither, or where all are the same."""
    short = shortest * 8 // 5
    long = longest * 5 // 8
    bits = bytearray(b"0" * len(gaps))
    for i, gap in enumerate(gaps):
        if gap >= long:
            bits[i] = 49  # ord("1")
        elif gap > short:
            return None
    value = int(bytes(bits), 2)
    return value if value + 1 != 1 << len(gaps) else None


def _is_pwm(pulses, gaps, longest):
    """Whether a long pulse has a short gap, and a short one a long gap; None where pulses differ, but not so."""
    long = longest * 5 // 8
    low = min(pulses)
    high = max(pulses)
    if high * 2 <= low * 3:
        return False
    for i, gap in enumerate(gaps):
        if (pulses[i] > gap) == (gap >= long):
            return False if high * 4 <= low * 9 else None
    return True


def _part(ring, end, count):
    """Return the values before a place in a ring."""
    start = end - count
    return ring[start:end] if start >= 0 else ring[start:] + ring[:end]
