"""The meaning of the bits of a 433 MHz frame: one table of protocols, and how it is read.

Formats as the sources of rtl_433 describe them: src/devices/{nexus, prologue, rubicson, infactory, acurite,
alecto, lacrosse_tx141x, generic_remote, proove}.c; for Oregon see oregon.py. A packet of a sensor is a dictionary of
`model`, `id`, `battery` (False: low), `temperature` (°C), and where it has them `channel`, `humidity` (%) and `pressure`
(hPa); of a remote, it has a `protocol` and what that consists of. Where a frame may be that of another sensor as well,
`perhaps` is the packet that it is then, or only its `model`.
"""

from micropython import const

__all__ = ("frame", "reading")

_NONE = const(99)  # the protocol has no such field
_LOW = const(-40)  # °C; what is outside no sensor here can have measured
_HIGH = const(80)

# Rows of numbers, the model, and the model where the humidity is `none`; one text, as that takes a fifth of the memory.
# Columns: speed: length of the short gap (see ook.py)   from, to: bits; what is beyond `from` is dropped from the end
#   same: frames that must be   check: 0 none, 1 sum, 2 CRC-4, else key of `_digest`   xor: of that
# Places are counted in bits from the right:
#   bat: battery   full: its value when full   ch: channel   +: the first one   id   temp
#   kind: of the temperature, 0 signed, 1 offset by 50 °C, 2 °F offset by 90   hum: humidity, BCD if that is in °F
#   none: what stands for no humidity   nib: a nibble   is, or: the two values that it can have
#   from to same check xor bat full ch + id temp kind hum none nib is or
_SENSORS = """\
1 36 38 2 67 130 27 1 24 1 28 12 0 99 0 8 15 15 Rubicson-Temperature -
1 36 36 3 0 0 27 1 24 1 28 12 0 0 0 8 15 15 Nexus-TH Nexus-T
2 36 36 4 0 0 23 1 20 1 24 8 0 0 204 32 9 5 Prologue-TH Prologue-TH
2 32 33 2 244 0 23 1 20 1 24 8 0 99 0 99 0 0 Acurite-606TX -
1 40 40 2 1 0 31 0 99 0 32 16 0 8 256 99 0 0 Acurite-609TXC -
2 40 41 2 2 0 26 0 0 0 32 12 2 4 256 99 0 0 inFactory-TH -
0 40 41 2 244 0 31 0 28 0 32 16 1 8 256 99 0 0 LaCrosse-TX141THBv2 -
0 37 39 3 0 0 28 1 25 0 29 13 1 99 0 99 0 0 LaCrosse-TX141Bv2 -
0 33 36 3 0 0 24 1 21 0 25 9 1 99 0 99 0 0 LaCrosse-TX141Bv3 -
0 32 32 3 0 0 23 1 99 0 24 8 1 99 0 99 0 0 LaCrosse-TX141B -"""


def frame(value, bits, speed, pwm):
    """Return (how many frames must be the same, packet) for a frame, None where the table has nothing that fits.

    `value` has so many bits, a long gap is a 1; `speed` 0 to 2: see ook.py; `pwm`: pulse and gap are the same in sum.
    """
    if bits == 64 and speed < 2:
        return _nexa(value)
    if pwm:  # there a long pulse is a 1
        value ^= (1 << bits) - 1
        if bits == 24:
            return _ev1527(value)
    if pwm != (speed == 0):  # the fast ones have pulse width modulation
        return None
    speed = str(speed)
    found = None
    for line in _SENSORS.split("\n"):
        if line[0] == speed and int(line[2:4]) <= bits <= int(line[5:7]):
            other = _sensor(line, value, bits)
            if found and other:  # a Nexus has no check, and by chance it passes a Rubicson's
                found[1]["perhaps"] = other[1]
            found = found or other
    if found and speed == "2" and bits == 36 and _is_alecto(value):
        found[1]["perhaps"] = {"model": "AlectoV1"}
    return found


def _sensor(line, value, bits):
    """Return what `frame` does, for a row that fits in length; None where it does not fit otherwise."""
    *numbers, model, without = line.split()
    _, least, _, same, check, xor, *numbers = [int(number) for number in numbers]
    battery, full, channel, first, id, temperature, kind, humidity, none, nibble, one, other = numbers
    value >>= bits - least
    if _wrong(value, check, xor) or (nibble != _NONE and value >> nibble & 15 not in (one, other)):
        return None
    temperature = value >> temperature & 0xFFF
    humidity = none if humidity == _NONE else value >> humidity & 255
    if kind == 0:
        temperature = ((temperature ^ 0x800) - 0x800) / 10
    elif kind == 1:
        temperature = (temperature - 500) / 10
    else:
        temperature = round((temperature / 10 - 122) / 1.8, 1)
        humidity -= humidity // 16 * 6
    if humidity == none:
        humidity = None
        if without != "-":
            model = without
    channel = None if channel == _NONE else (value >> channel & 3) + first
    packet = reading(model, value >> id & 255, channel, value >> battery & 1 == full, temperature, humidity)
    return (same, packet) if packet else None


def _wrong(value, check, xor):
    """Tell whether a frame's check, of the kind in the table, is wrong."""
    if check == 1:
        return value & 255 ^ sum((value >> 8).to_bytes(4, "big")) & 255 or not value
    if check == 2:
        # The channel takes the place of the checksum; what the humidity ends with is not divided.
        wrong = _digest(value >> 4 & ~0xF000000 | (value & 15) << 24, 0x10, 0x30) >> 4 ^ value >> 28 & 15
        return wrong or not value & 3  # there is no channel 0
    return check and _digest(value >> 8, check, 0x31) ^ xor ^ value & 255


def reading(model, id, channel, battery, temperature, humidity):
    """Return a sensor's packet; None where it has values that cannot be."""
    if not _LOW <= temperature <= _HIGH or (humidity is not None and not 1 <= humidity <= 100):
        return None
    packet = {"model": model, "id": id, "battery": battery, "temperature": temperature}
    if channel is not None:
        packet["channel"] = channel
    if humidity is not None:
        packet["humidity"] = humidity
    return packet


def _is_alecto(value):
    """Whether 36 bits have an AlectoV1's checksum; all of its numbers come from the right."""
    total = sum([_reverse(value >> place & 15) for place in range(4, 36, 4)])
    total = total + 7 if value >> 20 & 0x7F == 0x6C else 15 - total  # rain has another
    return _reverse(total & 15) == value & 15


def _reverse(nibble):
    return int("084c2a6e195d3b7f"[nibble], 16)


def _digest(value, key, generator):
    """Add up, by XOR, a key for each bit that is set; from the right, keys come from a shift register to the left.

    That is what CRCs come to, and what rtl_433 calls a reflected LFSR digest.
    """
    total = 0
    while value:
        if value & 1:
            total ^= key
        key <<= 1
        if key & 0x100:
            key ^= 0x100 | generator
        value >>= 1
    return total


def _ev1527(code):
    packet = {"protocol": "ev1527", "code": code}
    # PT2262: two bits a digit; 10 is none.
    digits = "".join(["0F?1"[code >> i & 3] for i in range(22, -2, -2)])
    if "?" not in digits:
        packet["pt2262"] = digits
    return 2, packet


def _nexa(value):
    # Each bit is followed by its opposite; a 1 is long, short.
    code = 0
    for i in range(62, -2, -2):
        pair = value >> i & 3
        if pair not in (1, 2):
            return None
        code = code << 1 | pair >> 1
    packet = {"protocol": "nexa", "house": code >> 6, "unit": code & 15}
    packet["group"] = bool(code & 32)
    packet["on"] = bool(code & 16)
    return 2, packet
