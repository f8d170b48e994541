"""Transmissions to test with, made from the published formats, and rtl_433 as the judge of them.

A transmission is a list of (pulse, gap) in µs. The formats are those that rtl_433's sources describe; the encoders know
nothing of the decoder in firmware/.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = (
    "ALECTO",
    "MISSING",
    "PROTOCOLS",
    "Transmission",
    "alecto",
    "cut",
    "durations",
    "ev1527",
    "jitter",
    "judge",
    "nexus",
    "noise",
    "oregon_message",
    "prologue",
    "same",
)

Transmission = list[tuple[int, int]]
Made = tuple[Transmission, dict[str, Any]]  # and what it says, in rtl_433's words

MISSING = shutil.which("rtl_433") is None
SILENCE = 30000  # µs after a transmission
_FIRST = 400000000  # Hz; a frequency of its own marks each transmission for the judge
# Without those for other sensors: by chance a frame passes their checksums too, and then it may be called one of them.
_DECODERS = (2, 3, 11, 12, 19, 30, 51, 55, 73, 91)
ALECTO = 16  # AlectoV1, which we do not read
_PACKAGE = 1200  # pulses that rtl_433 takes at once


def judge(transmissions: Sequence[Transmission], *more: int) -> list[list[dict[str, Any]]]:
    """Return what rtl_433 makes of each of the transmissions; one process for all.

    It has its decoders for our protocols, and those whose numbers are given.
    """
    lines = [";pulse data", ";version 1", ";timescale 1us"]
    for number, pulses in enumerate(transmissions):
        for package in _packages(pulses):
            lines += [f";ook {len(package)} pulses", f";freq1 {_FIRST + 1000 * number}"]
            lines += [f"{pulse} {gap}" for pulse, gap in package] + [";end"]
    command = ["rtl_433", "-c", "/dev/null", "-s", "1000000", "-r", "ook:-", "-F", "json", "-M", "level", "-C", "si"]
    command += [f"-R{number}" for number in (*_DECODERS, *more)]
    reported = subprocess.run(command, input="\n".join([*lines, ""]), capture_output=True, text=True, timeout=120)
    found: list[list[dict[str, Any]]] = [[] for _ in transmissions]
    for line in reported.stdout.splitlines():
        packet = json.loads(line)
        found[round((packet["freq"] * 1000000 - _FIRST) / 1000)].append(packet)
    return found


def _packages(pulses: Transmission) -> Iterable[Transmission]:
    # As rtl_433 would receive them: a gap that is ten times as long as the longest pulse ends a package, when it is at
    # least 10 ms. (src/pulse_detect.c)
    package: Transmission = []
    longest = 0
    for pulse, gap in pulses:
        package.append((pulse, gap))
        longest = max(longest, pulse)
        if (gap > 10 * longest and gap > 10000) or gap > 100000 or len(package) == _PACKAGE:
            yield package
            package, longest = [], 0
    if package:
        yield package


def durations(pulses: Transmission) -> list[int]:
    """Return alternating high and low durations."""
    return [each for pair in pulses for each in pair]


def jitter(pulses: Transmission, rng: random.Random, share: float = 0.15) -> Transmission:
    """Make each pulse and each gap longer or shorter by up to this share."""

    def moved(length: int) -> int:
        return round(length * (1 + rng.uniform(-share, share)))

    return [(moved(pulse), moved(gap)) for pulse, gap in pulses]


def cut(pulses: Transmission, rng: random.Random) -> Transmission:
    """Begin late, within the first frame, after noise that runs into it."""
    first = next(i for i, (_, gap) in enumerate(pulses) if gap > 3000 or i == 40)
    rest = pulses[rng.randrange(1, max(first, 2)) :]
    before = [(rng.randrange(30, 900), rng.randrange(30, 2500)) for _ in range(rng.randrange(1, 60))]
    return before + rest


# Encoders. Bits are texts of 0 and 1.


def bits(value: int, count: int) -> str:
    """Return the last `count` bits of a number, which may be negative."""
    return format(value & ((1 << count) - 1), f"0{count}b")


def _distance(frame: str, zero: int, one: int, sync: int, times: int, pulse: int = 500) -> Transmission:
    """Pulse distance modulation: the gap says what it is; each frame ends with a pulse and the sync gap."""
    row = [(pulse, one if bit == "1" else zero) for bit in frame] + [(pulse, sync)]
    pulses = row * times
    pulses[-1] = (pulse, SILENCE)
    return pulses


def _temperature(rng: random.Random, low: float = -40, high: float = 79.9) -> int:
    return rng.randrange(round(low * 10), round(high * 10) + 1)


def crc(frame: str, polynomial: int, width: int, start: int = 0) -> int:
    """CRC of bits, as the textbook does it: one division after the other."""
    rest = start
    for bit in frame:
        top = rest >> (width - 1) & 1
        rest = (rest << 1) & ((1 << width) - 1)
        if top != int(bit):
            rest ^= polynomial
    return rest


def _lfsr(data: bytes, generator: int, key: int) -> int:
    total = 0
    for byte in data:
        for place in range(7, -1, -1):
            if byte >> place & 1:
                total ^= key
            key = (key >> 1) ^ generator if key & 1 else key >> 1
    return total


def _lfsr_reflected(data: bytes, generator: int, key: int) -> int:
    total = 0
    for byte in reversed(data):
        for place in range(8):
            if byte >> place & 1:
                total ^= key
            key = ((key << 1) ^ generator) & 255 if key & 0x80 else key << 1
    return total


def nexus(id: int, channel: int, battery: int, tenths: int, humidity: int) -> Made:
    """Nexus; temperature in tenths of a degree."""
    frame = bits(id, 8) + f"{battery}0" + bits(channel - 1, 2) + bits(tenths, 12) + "1111" + bits(humidity, 8)
    fields = {"model": "Nexus-TH", "id": id, "channel": channel, "battery_ok": battery}
    fields |= {"temperature_C": tenths / 10, "humidity": humidity}
    if humidity == 0:
        fields["model"] = "Nexus-T"
        del fields["humidity"]
    if crc(frame[:24] + "11110000" + frame[28:], 0x31, 8, 0x6C) == 0:  # by chance
        fields["model"] = "Rubicson-Temperature"
        fields.pop("humidity", None)
    return _distance(frame, 1000, 2000, 4000, 12), fields


def _nexus(rng: random.Random) -> Made:
    humidity = rng.choice((0, *range(1, 101)))
    return nexus(rng.randrange(1, 256), rng.randrange(1, 4), rng.randrange(2), _temperature(rng), humidity)


def prologue(id: int, channel: int, battery: int, tenths: int, humidity: int | None, kind: int = 9) -> Made:
    """Prologue; a humidity of None is a sensor without."""
    frame = bits(kind, 4) + bits(id, 8) + f"{battery}0" + bits(channel - 1, 2) + bits(tenths, 12)
    frame += bits(0xCC if humidity is None else humidity, 8)
    fields = {"model": "Prologue-TH", "id": id, "channel": channel, "battery_ok": battery, "temperature_C": tenths / 10}
    return _distance(frame, 2000, 4000, 9000, 7), fields | ({} if humidity is None else {"humidity": humidity})


def _prologue(rng: random.Random) -> Made:
    humidity = rng.choice((None, *range(1, 101)))
    kind = rng.choice((9, 5))
    return prologue(rng.randrange(256), rng.randrange(1, 5), rng.randrange(2), _temperature(rng), humidity, kind)


def alecto(id: int, kind: int, tenths: int, humidity: int) -> Transmission:
    """AlectoV1, a reading of temperature and humidity; all numbers begin with the lowest bit."""
    frame = bits(id, 8)[::-1] + f"0{bits(kind, 2)}0" + bits(tenths, 12)[::-1]
    frame += bits(humidity % 10, 4)[::-1] + bits(humidity // 10, 4)[::-1]
    total = sum(int(frame[place : place + 4][::-1], 2) for place in range(0, 32, 4))
    return _distance(frame + bits(15 - total, 4)[::-1], 2000, 4000, 9000, 7)


def _rubicson(rng: random.Random) -> Made:
    id, channel, battery, tenths = rng.randrange(256), rng.randrange(1, 4), rng.randrange(2), _temperature(rng)
    frame = bits(id, 8) + f"{battery}0" + bits(channel - 1, 2) + bits(tenths, 12) + "1111"
    frame += bits(crc(frame + "0000", 0x31, 8, 0x6C), 8)
    fields = {"model": "Rubicson-Temperature", "id": id, "channel": channel, "battery_ok": battery}
    return _distance(frame, 1000, 2000, 4000, 12), fields | {"temperature_C": tenths / 10}


def _infactory(rng: random.Random) -> Made:
    id, channel, low, humidity = rng.randrange(256), rng.randrange(1, 4), rng.randrange(2), rng.randrange(1, 101)
    fahrenheit = rng.randrange(-400, 1750)
    tens = bits(humidity // 10, 4)
    frame = (
        bits(id, 8) + "%s" + f"0{low}00" + bits(fahrenheit + 900, 12) + tens + bits(humidity % 10, 4) + bits(channel, 4)
    )
    # The channel stands where the checksum will be; the last digit of the humidity is not divided but added.
    divided = frame % bits(channel, 4)
    check = crc(divided[:32], 3, 4) ^ int(divided[32:36], 2)
    pulses: Transmission = [(1000, 1000)] * 4
    row = [(500, 4000 if bit == "1" else 2000) for bit in frame % bits(check, 4)]
    pulses += ([(500, 8000), *row, (500, 16000)] + [(1000, 1000)] * 4) * 6
    del pulses[-4:]
    pulses[-1] = (500, SILENCE)
    fields = {"model": "inFactory-TH", "id": id, "channel": channel, "battery_ok": 1 - low}
    return pulses, fields | {"temperature_C": (fahrenheit / 10 - 32) / 1.8, "humidity": humidity}


def _acurite606(rng: random.Random) -> Made:
    id, channel, battery, tenths = rng.randrange(256), rng.randrange(1, 4), rng.randrange(2), _temperature(rng)
    frame = bits(id, 8) + f"{battery}0" + bits(channel - 1, 2) + bits(tenths, 12)
    frame += bits(_lfsr(int(frame, 2).to_bytes(3, "big"), 0x98, 0xF1), 8)
    fields = {"model": "Acurite-606TX", "id": id, "channel": channel, "battery_ok": battery}
    return _distance(frame, 2000, 4000, 9000, 6), fields | {"temperature_C": tenths / 10}


def _acurite609(rng: random.Random) -> Made:
    id, low, tenths, humidity = rng.randrange(1, 256), rng.randrange(2), _temperature(rng), rng.randrange(1, 101)
    frame = bits(id, 8) + f"{low}000" + bits(tenths, 12) + bits(humidity, 8)
    frame += bits(sum(int(frame, 2).to_bytes(4, "big")), 8)
    fields = {"model": "Acurite-609TXC", "id": id, "battery_ok": 1 - low, "temperature_C": tenths / 10}
    return _distance(frame, 1000, 2000, 9000, 6), fields | {"humidity": humidity}


def _width(frame: str, short: int, long: int) -> Transmission:
    """Pulse width modulation: a 1 is a long pulse and a short gap."""
    return [(long, short) if bit == "1" else (short, long) for bit in frame]


def _tx141(frame: str, fields: dict[str, Any], times: int = 12) -> Made:
    row = [(833, 833)] * 4 + _width(frame, 208, 417)
    return row * times + [(833, 833), (833, SILENCE)], fields


def _lacrosse_th(rng: random.Random) -> Made:
    id, channel, low, humidity = rng.randrange(1, 256), rng.randrange(4), rng.randrange(2), rng.randrange(1, 101)
    tenths = _temperature(rng)
    frame = bits(id, 8) + f"{low}0" + bits(channel, 2) + bits(tenths + 500, 12) + bits(humidity, 8)
    frame += bits(_lfsr_reflected(int(frame, 2).to_bytes(4, "big"), 0x31, 0xF4), 8)
    fields = {"model": "LaCrosse-TX141THBv2", "id": id, "channel": channel, "battery_ok": 1 - low}
    fields |= {"temperature_C": tenths / 10, "humidity": humidity}
    # There is one that sends a bit more, and less often.
    return _tx141(frame + "1", fields, 4) if rng.random() < 0.5 else _tx141(frame, fields)


def _lacrosse_t(model: str, length: int) -> Callable[[random.Random], Made]:
    def made(rng: random.Random) -> Made:
        id, channel, battery, tenths = rng.randrange(1, 256), rng.randrange(4), rng.randrange(2), _temperature(rng)
        frame = bits(id, 8) + f"{battery}0" + bits(channel, 2) + bits(tenths + 500, 12)
        frame += bits(rng.getrandbits(length - 24), length - 24)
        fields = {"model": model, "id": id, "battery_ok": battery, "temperature_C": tenths / 10}
        if model != "LaCrosse-TX141B":
            fields["channel"] = channel
        return _tx141(frame, fields, rng.choice((4, 12)))

    return made


def _manchester(frame: str, half: int) -> list[int]:
    """Durations from the first rising edge on: a 1 falls in the middle, a 0 rises."""
    levels = "".join("10" if bit == "1" else "01" for bit in frame).lstrip("0") + "0"
    found = [0]
    for i, level in enumerate(levels):
        if i and level != levels[i - 1]:
            found.append(0)
        found[-1] += half
    return found


def _oregon(name: str, codes: str, length: int, check: int, pressure: int = 0) -> Callable[[random.Random], Made]:
    """A sensor with one of these codes, and so many nibbles; `check` is the place of the checksum among them."""

    def made(rng: random.Random) -> Made:
        channel, id, low, humidity = rng.choice((1, 2, 4)), rng.randrange(256), rng.randrange(2), rng.randrange(1, 100)
        tenths, above = _temperature(rng), rng.randrange(256)
        nibbles = [int(digit, 16) for digit in rng.choice(codes.split())] + [channel, id & 15, id >> 4, low << 2]
        nibbles += [abs(tenths) % 10, abs(tenths) // 10 % 10, abs(tenths) // 100, 8 if tenths < 0 else 0]
        fields = {"model": name, "id": id, "channel": channel, "battery_ok": 1 - low, "temperature_C": tenths / 10}
        if check >= 15:
            nibbles += [humidity % 10, humidity // 10, rng.choice((0, 4, 8, 12))]
            fields["humidity"] = humidity
        if pressure:
            nibbles += [above & 15, above >> 4, rng.choice((2, 3, 6, 12)), rng.randrange(16)]
            fields["pressure_hPa"] = pressure + above
        nibbles += [sum(nibbles) & 15, sum(nibbles) >> 4 & 15]
        nibbles += [rng.randrange(16) for _ in range(length - len(nibbles))]
        return oregon_message(nibbles), fields

    return made


def oregon_message(nibbles: Iterable[int]) -> Transmission:
    """Oregon v2.1: a message of these nibbles, twice."""
    data = "1" * 16 + "0101" + "".join(format(nibble, "04b")[::-1] for nibble in nibbles)
    coded = "".join("01" if bit == "1" else "10" for bit in data)
    found = _manchester(coded, 488)
    found += [0] * (len(found) % 2)
    row = list(zip(found[::2], found[1::2], strict=True))
    return [*row[:-1], (row[-1][0], 10900), *row[:-1], (row[-1][0], SILENCE)]


def ev1527(code: int, base: int, times: int = 6) -> Made:
    """EV1527 and PT2262: sync, then 24 bits; `base` in µs."""
    row = [*_width(bits(code, 24), base, 3 * base), (base, 31 * base)]
    fields = {"model": "Generic-Remote", "id": code >> 8, "cmd": code & 255}
    return row * times, fields


def _ev1527(rng: random.Random) -> Made:
    # Within what rtl_433 takes: it has fixed times.
    return ev1527(rng.randrange(0x100, 0xFFFF00) & ~0xFF | rng.randrange(1, 256), rng.randrange(460, 476))


def _nexa(rng: random.Random) -> Made:
    house, group, on, unit = rng.getrandbits(26), rng.randrange(2), rng.randrange(2), rng.randrange(16)
    frame = bits(house, 26) + f"{group}{on}" + bits(unit, 4)
    row = [(270, 2700)]
    for bit in frame:
        row += [(270, 1300), (270, 270)] if bit == "1" else [(270, 270), (270, 1300)]
    fields = {"model": "Proove-Security", "id": house, "group": group, "state": "ON" if on else "OFF"}
    fields |= {"unit": unit & 3 ^ 3, "channel": unit >> 2 ^ 3}
    return [*row, (270, 10000)] * 6, fields


PROTOCOLS: dict[str, Callable[[random.Random], Made]] = {
    "nexus": _nexus,
    "prologue": _prologue,
    "rubicson": _rubicson,
    "infactory": _infactory,
    "acurite 606tx": _acurite606,
    "acurite 609txc": _acurite609,
    "lacrosse tx141th": _lacrosse_th,
    "lacrosse tx141bv2": _lacrosse_t("LaCrosse-TX141Bv2", 37),
    "lacrosse tx141bv3": _lacrosse_t("LaCrosse-TX141Bv3", 33),
    "lacrosse tx141b": _lacrosse_t("LaCrosse-TX141B", 32),
    "oregon thgr122n": _oregon("Oregon-THGR122N", "1d20", 19, 15),
    "oregon thgr968": _oregon("Oregon-THGR968", "1d30", 19, 15),
    "oregon thn132n": _oregon("Oregon-THN132N", "ec40", 16, 12),
    "oregon thr228n": _oregon("Oregon-THR228N", "ec40", 19, 12),
    "oregon thn129": _oregon("Oregon-THN129", "cc43", 17, 12),
    "oregon rthn129": _oregon("Oregon-RTHN129", "0cd3 1cd3 9cd3 fcd3", 17, 12),
    "oregon rtgn318": _oregon("Oregon-RTGN318", "0cc3 7cc3 9cc3 fcc3", 19, 15),
    "oregon rtgn129": _oregon("Oregon-RTGN129", "0cc3 7cc3 9cc3 fcc3", 20, 15),
    "oregon rtgr328n": _oregon("Oregon-RTGR328N", "9cc3 acc3 bcc3 ccc3 dcc3", 44, 15),
    "oregon thgr328n": _oregon("Oregon-THGR328N", "cc23", 44, 15),
    "oregon bhtr968": _oregon("Oregon-BHTR968", "5d60", 23, 19, 856),
    "oregon bthr918": _oregon("Oregon-BTHR918", "5d50", 21, 19, 795),
    "ev1527": _ev1527,
    "nexa": _nexa,
}


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether our packet says what rtl_433's does."""
    if ours.get("protocol") == "ev1527":
        return (theirs["id"] << 8 | theirs["cmd"]) == ours["code"]
    if ours.get("protocol") == "nexa":
        return (theirs["id"], theirs["group"], theirs["state"], theirs["channel"] * 4 + theirs["unit"]) == (
            *(ours["house"], ours["group"], "ON" if ours["on"] else "OFF"),
            ours["unit"] ^ 15,
        )
    return (
        ours["model"] == theirs["model"]
        and (ours["id"], ours.get("channel")) == (theirs["id"], theirs.get("channel"))
        and ours["battery"] == bool(theirs["battery_ok"])
        and abs(ours["temperature"] - theirs["temperature_C"]) < 0.06
        and ours.get("humidity") == theirs.get("humidity")
        and ours.get("pressure") == theirs.get("pressure_hPa")
    )


def noise(kind: str, rng: random.Random, seconds: float) -> Iterable[list[int]]:
    """Yield durations of random noise in pieces of about 20 ms: `poisson`, `receiver`, `timings`, `frames`."""
    left = seconds * 1e6
    while left > 0:
        piece: list[int] = []
        while sum(piece) < 20000:
            piece += _NOISE[kind](rng)
        left -= sum(piece)
        yield piece


def _poisson(rng: random.Random) -> list[int]:
    mean = 400
    return [min(round(rng.expovariate(1 / mean)) + 1, 60000) for _ in range(2)]


def _receiver(rng: random.Random) -> list[int]:
    # A receiver without a signal turns up its gain: short pulses, now and then a longer gap.
    return [rng.randrange(30, 500), rng.randrange(30, 500) if rng.random() < 0.95 else rng.randrange(500, 9000)]


def _timings(rng: random.Random) -> list[int]:
    # What all the protocols are made of, in no order.
    lengths = (208, 270, 350, 417, 488, 500, 833, 976, 1000, 1050, 1300, 2000, 2700, 4000, 9000)
    weights = (4, 4, 4, 4, 4, 12, 4, 4, 8, 4, 4, 8, 1, 3, 1)
    return [round(rng.choices(lengths, weights)[0] * rng.uniform(0.85, 1.15)) for _ in range(2)]


def _frames(rng: random.Random) -> list[int]:
    # Frames as the protocols have them, of random bits, each once.
    frame = bits(rng.getrandbits(40), rng.choice((24, 32, 36, 40)))
    pulses = rng.choice(
        (
            _distance(frame, 1000, 2000, 4000, 1),
            _distance(frame, 2000, 4000, 9000, 1),
            [(833, 833)] * 4 + _width(frame, 208, 417) + [(833, 833)] * 4,
            [*_width(frame, 350, 1050), (350, 10850)],
        )
    )
    return durations(jitter(pulses, rng))


_NOISE = {"poisson": _poisson, "receiver": _receiver, "timings": _timings, "frames": _frames}
