"""What the bits of a 433 MHz frame mean: one table of protocols, and how it is read.

Formats as the sources of rtl_433 describe them: src/devices/{nexus, prologue, rubicson, infactory, acurite,
lacrosse_tx141x, generic_remote, proove, oregon_scientific}.c. A packet of a sensor is a dictionary of `model`, `id`,
`channel` (where it has one), `battery` (False: low), `temperature` (°C) and `humidity` (%, where it has one); of a
remote, it has a `protocol` and what that consists of.
"""

__all__ = ("frame", "oregon")

_NONE = 255  # the protocol has no such field
_LOW, _HIGH = -40, 80  # °C; what is outside no sensor here can have measured

# Each: model, and
#   0 speed: length of the short gap (ook.py)      1, 2 bits: from, to; what is beyond `from` is dropped from the end
#   3 frames that must be the same                 4, 5 check: 0 none, 1 sum, 2 CRC-4, else key of `_digest` and its XOR
#   6, 7 place (from the right) of the bit `battery`, and its value when full       8, 9 place of channel, first channel
#   10 place of id       11, 12 place of temperature, and its kind: 0 signed, 1 offset by 50 °C, 2 °F offset by 90
#   13 place of humidity (BCD if the temperature is in °F)                14, 15, 16 place of a nibble, its two values
_SENSORS = (
    ("Rubicson-Temperature", bytes((1, 36, 38, 2, 0x43, 0x82, 27, 1, 24, 1, 28, 12, 0, _NONE, 8, 15, 15))),
    ("Nexus-TH", bytes((1, 36, 36, 3, 0, 0, 27, 1, 24, 1, 28, 12, 0, 0, 8, 15, 15))),
    ("Prologue-TH", bytes((2, 36, 36, 4, 0, 0, 23, 1, 20, 1, 24, 8, 0, 0, 32, 9, 5))),
    ("Acurite-606TX", bytes((2, 32, 33, 2, 0xF4, 0, 23, 1, 20, 1, 24, 8, 0, _NONE, _NONE))),
    ("Acurite-609TXC", bytes((1, 40, 40, 2, 1, 0, 31, 0, _NONE, 0, 32, 16, 0, 8, _NONE))),
    ("inFactory-TH", bytes((2, 40, 41, 2, 2, 0, 26, 0, 0, 0, 32, 12, 2, 4, _NONE))),
    ("LaCrosse-TX141THBv2", bytes((0, 40, 41, 2, 0xF4, 0, 31, 0, 28, 0, 32, 16, 1, 8, _NONE))),
    ("LaCrosse-TX141Bv2", bytes((0, 37, 39, 3, 0, 0, 28, 1, 25, 0, 29, 13, 1, _NONE, _NONE))),
    ("LaCrosse-TX141Bv3", bytes((0, 33, 36, 3, 0, 0, 24, 1, 21, 0, 25, 9, 1, _NONE, _NONE))),
    ("LaCrosse-TX141B", bytes((0, 32, 32, 3, 0, 0, 23, 1, _NONE, 0, 24, 8, 1, _NONE, _NONE))),
)

# Oregon v2.1: sensor's code, and the place of the checksum, which is 15 where there is humidity.
_OREGON = {0x1D20: ("THGR122N", 15), 0x1D30: ("THGR968", 15), 0xEC40: ("THN132N", 12)}


def frame(value, bits, speed, pwm):
    """Return (how many frames must be the same, packet) for a frame, None where the table has nothing that fits.

    `value` has so many bits, a long gap is a 1; `speed` 0 to 2: see ook.py; `pwm`: pulse and gap are the same in sum.
    """
    if bits == 24 and pwm:
        return 2, _ev1527(value ^ 0xFFFFFF)
    if bits == 64 and speed < 2:
        return _nexa(value)
    for model, row in _SENSORS:
        # Pulse-width modulation is what the fast ones have.
        if row[0] == speed and row[1] <= bits <= row[2] and pwm == (speed == 0):
            packet = _sensor(model, row, (value ^ ((1 << bits) - 1) if pwm else value) >> bits - row[1])
            if packet:
                return row[3], packet
    return None


def _sensor(model, row, value):
    check = row[4]
    humidity = None
    if check == 1:
        wrong = value & 255 ^ sum((value >> 8).to_bytes(4, "big")) & 255 or not value
    elif check == 2:
        # The channel takes the place of the checksum; what the humidity ends with is not divided.
        wrong = _digest(value >> 4 & ~0xF000000 | (value & 15) << 24, 0x10, 0x30) >> 4 ^ value >> 28 & 15
    else:
        wrong = check and _digest(value >> 8, check, 0x31) ^ row[5] ^ value & 255
    if wrong or (row[14] != _NONE and value >> row[14] & 15 not in row[15:17]):
        return None
    temperature = value >> row[11] & 0xFFF
    if row[12] == 0:
        temperature = ((temperature ^ 0x800) - 0x800) / 10
    elif row[12] == 1:
        temperature = (temperature - 500) / 10
    else:
        temperature = round((temperature / 10 - 122) / 1.8, 1)
    if row[13] != _NONE:
        humidity = value >> row[13] & 255
        if row[12] == 2:
            humidity = (humidity >> 4) * 10 + (humidity & 15)
        if not humidity and model == "Nexus-TH":
            model = "Nexus-T"
        if model == "Nexus-T" or (model[0] == "P" and humidity == 0xCC):
            humidity = None
    channel = None if row[8] == _NONE else (value >> row[8] & 3) + row[9]
    if not channel and model[0] == "i":
        return None
    battery = value >> row[6] & 1 == row[7]
    return _packet(model, value >> row[10] & 255, channel, battery, temperature, humidity)


def _packet(model, id, channel, battery, temperature, humidity):
    """Return a sensor's packet; None where it has values that cannot be."""
    if not _LOW <= temperature <= _HIGH or (humidity is not None and not 1 <= humidity <= 100):
        return None
    packet = {"model": model, "id": id, "battery": battery, "temperature": temperature}
    if channel is not None:
        packet["channel"] = channel
    if humidity is not None:
        packet["humidity"] = humidity
    return packet


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
    if code in (0, 0xFFFFFF):
        return None
    packet = {"protocol": "ev1527", "code": code}
    # PT2262: two bits a digit; 10 is none.
    digits = ["0F?1"[code >> i & 3] for i in range(22, -2, -2)]
    if "?" not in digits:
        packet["pt2262"] = "".join(digits)
    return packet


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


def oregon(nibbles, count):
    """Return the packet of an Oregon v2.1 message, as soon as its `count` nibbles are enough for it; else None."""
    name, check = _OREGON.get(nibbles[0] << 12 | nibbles[1] << 8 | nibbles[2] << 4 | nibbles[3], (None, 0))
    if name is None or count != check + 2 or sum(nibbles[:check]) & 255 != nibbles[check] | nibbles[check + 1] << 4:
        return None
    digits = nibbles[8:11] + nibbles[12:14]
    if max(digits[: 5 if check == 15 else 3]) > 9:
        return None
    temperature = (digits[0] + digits[1] * 10 + digits[2] * 100) / (-10 if nibbles[11] else 10)
    humidity = digits[3] + digits[4] * 10 if check == 15 else None
    id = nibbles[5] | nibbles[6] << 4
    return _packet("Oregon-" + name, id, nibbles[4], not nibbles[7] & 4, temperature, humidity)
