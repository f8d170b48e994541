"""Makes 433 MHz transmissions: EV1527/PT2262 (data sheets of Silvan Chip and Princeton) and Nexa (self-learning)."""

import asyncio
from array import array

__all__ = ("REPEAT", "transmission", "transmit")

REPEAT = 8  # frames
_ECHO = 0.05  # s until the receiver has nothing of it any more


async def transmit(transmitter, message):
    """Send a message, for which see `transmission`; raises ValueError for one that cannot be sent."""
    if transmitter is None:
        raise ValueError("send: this board has no transmitter")
    await transmitter.send(transmission(message), REPEAT)
    await asyncio.sleep(_ECHO)


def transmission(message):
    """Return one frame as alternating high and low durations in µs, to be sent REPEAT times.

    `message` is {"protocol": "ev1527" or "pt2262", "code": 24 bits, "base": µs, by default 420} or {"protocol": "nexa",
    "house": 26 bits, "unit": 0 to 15, "on": boolean, "group": boolean, by default false}. Raises ValueError.
    """
    protocol = message.get("protocol") if isinstance(message, dict) else None
    if protocol == "nexa":
        code = _number(message, "house", 0, 0x3FFFFFF) << 6 | _number(message, "unit", 0, 15)
        code |= _boolean(message, "group", False) << 5 | _boolean(message, "on", None) << 4
        pulses = array("H", (270, 2700))
        for i in range(31, -1, -1):
            # The gap of a 1 is long, then short; of a 0 short, then long.
            long = code >> i & 1
            pulses.extend(array("H", (270, 1300 if long else 270, 270, 270 if long else 1300)))
        pulses.extend(array("H", (270, 10000)))
        return pulses
    if protocol not in ("ev1527", "pt2262"):
        raise ValueError("send {:.60}: protocol ev1527, pt2262 or nexa is needed".format(repr(message)))
    code = _number(message, "code", 1, 0xFFFFFE)
    base = _number(message, "base", 100, 1000, 420)
    pulses = array("H")
    for i in range(23, -1, -1):
        long = code >> i & 1
        pulses.extend(array("H", (3 * base if long else base, base if long else 3 * base)))
    pulses.extend(array("H", (base, 31 * base)))
    return pulses


def _number(message, key, low, high, default=None):
    value = message.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError("send: {} {!r}: a whole number from {} to {} is needed".format(key, value, low, high))
    return value


def _boolean(message, key, default):
    value = message.get(key, default)
    if not isinstance(value, bool):
        raise ValueError("send: {} {!r}: true or false is needed".format(key, value))
    return value
