"""The decoder for 433 MHz beside rtl_433, which reads the same pulses; and what noise does to it."""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paths import ROOT

sys.path.append(str(Path(__file__).parent / "both" / "fake"))  # for `micropython`

import rtl433
from devices.drivers.ook import Decoder
from devices.drivers.ook_send import REPEAT, transmission
from rtl433 import PROTOCOLS, Transmission

needs_judge = pytest.mark.skipif(rtl433.MISSING, reason="rtl_433 is not installed (Debian: rtl-433)")


def decode(pulses: Transmission, decoder: Any = None, ms: int = 5000) -> list[dict[str, Any]]:
    durations = array("H", [min(each, 65535) for each in rtl433.durations(pulses)])
    return list((decoder or Decoder()).feed(durations, ms))


def compare(
    name: str, count: int, changed: Callable[[Transmission, random.Random], Transmission], seed: int = 1
) -> None:
    """Compare with rtl_433 what becomes of so many random transmissions, changed, in one stream."""
    rng = random.Random(f"{name} {seed}")
    made = [PROTOCOLS[name](rng) for _ in range(count)]
    sent = [changed(pulses, rng) for pulses, _ in made]
    decoder = Decoder()
    ours = [decode(pulses, decoder) for pulses in sent]
    judged = rtl433.judge(sent)
    theirs = 0
    for found, judgement, (_, fields) in zip(ours, judged, made, strict=True):
        packets = [packet for packet in judgement if packet["model"] == fields["model"]]
        theirs += bool(packets)
        if packets:
            assert len(found) == 1, f"{found} is not one packet; rtl_433: {packets[0]}"
            assert all(rtl433.same(found[0], packet) for packet in packets), f"{found[0]}; rtl_433: {packets}"
        for packet in found:
            assert rtl433.same(packet, fields), f"{packet} was decoded; sent was {fields}"
    decoded = sum(len(found) == 1 for found in ours)
    assert decoded >= theirs
    assert theirs > count * 0.8, "rtl_433 decodes so few of them that this says little"


@needs_judge
@pytest.mark.parametrize("name", PROTOCOLS)
def test_decodes_what_rtl_433_decodes(name: str) -> None:
    compare(name, 100, rtl433.jitter)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_decodes_what_begins_late_after_noise(name: str) -> None:
    rng = random.Random(name)
    for _ in range(50):
        pulses, fields = PROTOCOLS[name](rng)
        (found,) = decode(rtl433.jitter(rtl433.cut(pulses, rng), rng))
        assert rtl433.same(found, fields)


def longer(pulses: Transmission, by: int) -> Transmission:
    return [(pulse + by, gap - by) for pulse, gap in pulses]


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("by", [-70, 70])
def test_decodes_what_a_receiver_made_longer_or_shorter(name: str, by: int) -> None:
    rng = random.Random(name)
    for _ in range(20):
        pulses, fields = PROTOCOLS[name](rng)
        (found,) = decode(rtl433.jitter(longer(pulses, by), rng, 0.08))
        assert rtl433.same(found, fields)


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("speed", [0.88, 1.12])
def test_decodes_what_a_slow_or_fast_clock_sent(name: str, speed: float) -> None:
    rng = random.Random(name)
    for _ in range(20):
        pulses, fields = PROTOCOLS[name](rng)
        clocked = [(round(pulse * speed), round(gap * speed)) for pulse, gap in pulses]
        (found,) = decode(rtl433.jitter(clocked, rng, 0.08))
        assert rtl433.same(found, fields)


def test_no_durations_are_too_strange() -> None:
    rng = random.Random(3)
    decoder = Decoder()
    for _ in range(3000):
        lengths = rng.choice(
            ((0, 1, 59, 60, 65535), (488, 976), (833, 208, 417, 0), (500, 1000, 2000, 4000, 9000, 65535))
        )
        found = decoder.feed(array("H", rng.choices(lengths, k=rng.randrange(200))), rng.randrange(3000))
        assert not [packet for packet in found if packet.get("protocol") != "unknown"]


@pytest.mark.parametrize("base", [150, 250, 350, 600, 800])
def test_remotes_may_be_fast_or_slow(base: int) -> None:
    pulses, _ = rtl433.ev1527(0x5A3C96, base)
    (found,) = decode(rtl433.jitter(pulses, random.Random(base)))
    assert found["code"] == 0x5A3C96
    assert abs(found["base"] - base) < base * 0.1


def test_the_code_of_a_pt2262_is_shown_in_its_digits() -> None:
    (found,) = decode(rtl433.ev1527(0b00_01_11_00_01_11_00_01_11_00_01_11, 350)[0])
    assert found["pt2262"] == "0F10F10F10F1"
    (found,) = decode(rtl433.ev1527(0b00_01_11_00_01_11_00_01_11_00_01_10, 350)[0])
    assert "pt2262" not in found


@pytest.mark.parametrize(("frames", "packets"), [(1, 0), (2, 0), (3, 1), (12, 1)])
def test_several_frames_must_agree(frames: int, packets: int) -> None:
    pulses, _ = rtl433.nexus(90, 2, 1, 214, 57)
    assert len(decode([*pulses[: 37 * frames - 1], (500, 20000)])) == packets


def test_frames_that_differ_are_no_packet() -> None:
    pulses: Transmission = []
    for humidity in (57, 58, 59, 60, 61):
        pulses += rtl433.nexus(90, 2, 1, 214, humidity)[0][:37]
    assert decode([*pulses, (500, 20000)]) == []


def test_repetitions_within_two_seconds_are_one_packet() -> None:
    pulses, _ = rtl433.ev1527(0x123456, 400)
    decoder = Decoder()
    assert len(decode(pulses, decoder)) == 1
    assert decode(pulses, decoder, ms=1900) == []
    assert decode(pulses, decoder, ms=1900) == []  # held
    assert len(decode(pulses, decoder, ms=2100)) == 1


def test_on_off_on_within_two_seconds_are_three_packets() -> None:
    decoder = Decoder()
    reported = []
    for on in (True, False, True):
        frame = transmission({"protocol": "nexa", "house": 12345, "unit": 1, "on": on})
        reported += [packet["on"] for packet in decoder.feed(array("H", list(frame) * REPEAT), 500)]
    assert reported == [True, False, True]


@pytest.mark.parametrize(
    ("tenths", "humidity", "packets"),
    [(-400, 1, 1), (800, 100, 1), (-401, 50, 0), (801, 50, 0), (214, 101, 0), (214, 255, 0)],
)
def test_values_out_of_range_are_refused(tenths: int, humidity: int, packets: int) -> None:
    found = decode(rtl433.nexus(91, 1, 1, tenths, humidity)[0])
    assert len([packet for packet in found if "model" in packet]) == packets


@pytest.mark.parametrize(("humidity", "packets"), [(0, 0), (1, 1), (100, 1), (101, 0)])
def test_a_humidity_of_nothing_is_refused_where_it_does_not_stand_for_none(humidity: int, packets: int) -> None:
    data = bytes((91, 2, 14, humidity))  # Acurite 609TXC
    frame = rtl433.bits(int.from_bytes(data), 32) + rtl433.bits(sum(data), 8)
    row = [(500, 2000 if bit == "1" else 1000) for bit in frame] + [(500, 9000)]
    assert len([packet for packet in decode(row * 6) if "model" in packet]) == packets


@needs_judge
def test_what_may_be_an_alecto_is_no_certain_prologue() -> None:
    rng = random.Random(5)
    sent: list[Transmission] = []
    for _ in range(1000):
        id = rng.randrange(16) << 4 | rng.choice((9, 10))  # a Prologue begins like that
        sent.append(rtl433.alecto(id, rng.randrange(3), rng.randrange(-200, 400), rng.randrange(20, 99)))
    uncertain = alectos = 0
    for pulses, judged in zip(sent, rtl433.judge(sent, rtl433.ALECTO), strict=True):
        found = [packet for packet in decode(pulses) if "model" in packet]
        assert [packet.get("perhaps") for packet in found] == [{"model": "AlectoV1"}] * len(found)
        uncertain += len(found)
        alectos += judged[0]["model"] == "AlectoV1-Temperature"
    assert uncertain > 50
    assert alectos > 950


def test_a_nexus_that_passes_a_rubicsons_check_is_both() -> None:
    uncertain = 0
    for tenths in range(180, 241):
        for humidity in range(30, 71):
            pulses, fields = rtl433.nexus(90, 2, 1, tenths, humidity)
            if fields["model"] == "Rubicson-Temperature":
                both = {"id": 90, "channel": 2, "battery": True, "temperature": tenths / 10}
                nexus = {"model": "Nexus-TH", "humidity": humidity} | both
                assert decode(pulses) == [{"model": "Rubicson-Temperature", "perhaps": nexus} | both]
                uncertain += 1
    assert uncertain == 9


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if name not in ("ev1527", "nexa")])
def test_each_model_is_in_the_table_of_the_docs(name: str) -> None:
    text = (ROOT / "docs" / "boards.md").read_text()
    table = [line.split("|") for line in text.partition("### 433 MHz")[2].partition("\n### ")[0].splitlines()]
    models = {cells[1].strip(): cells[3] for cells in table if len(cells) == 5}
    rng = random.Random(name)
    for _ in range(20):
        (packet,) = decode(PROTOCOLS[name](rng)[0])
        maker, _, rest = packet["model"].partition("-")
        (tells,) = [
            tells
            for row, tells in models.items()
            if f"`{maker}-" in row and (f"`{maker}-{rest}`" in row or f"`-{rest}`" in row)
        ]
        assert ("humidity" in packet) <= ("%" in tells)
        assert ("pressure" in packet) == ("hPa" in tells)


def test_an_unknown_code_is_shown_when_it_was_heard_three_times() -> None:
    bits = "110100101100101"
    row = [(400, 1500 if bit == "1" else 600) for bit in bits] + [(400, 7000)]
    assert decode(row * 2) == []
    (found,) = decode(row * 5)
    assert found == {
        "protocol": "unknown", "code": f"{int(bits, 2):x}", "bits": 15, "coding": "ppm",
        "pulse": 400, "short": 600, "long": 1500, "sync": 7000,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["poisson", "receiver", "timings", "frames"])
@pytest.mark.parametrize("minutes", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_noise_is_no_packet(kind: str, minutes: int) -> None:
    rng = random.Random(f"{kind} {minutes}")
    decoder = Decoder()
    found: list[dict[str, Any]] = []
    for piece in rtl433.noise(kind, rng, minutes * 60):
        found += decoder.feed(array("H", [min(each, 65535) for each in piece]), sum(piece) // 1000)
    assert found == []


@needs_judge
def test_rtl_433_decodes_what_is_sent() -> None:
    rng = random.Random(4)
    sent: list[Transmission] = []
    messages: list[dict[str, Any]] = []
    for _ in range(200):
        nexa = {"protocol": "nexa", "house": rng.getrandbits(26), "unit": rng.randrange(16), "on": rng.random() < 0.5}
        code = rng.randrange(1, 0xFFFF) << 8 | rng.randrange(1, 256)
        messages += [nexa | {"group": rng.random() < 0.5}, {"protocol": rng.choice(("ev1527", "pt2262")), "code": code}]
    for message in messages:
        frame = list(transmission(message)) * REPEAT
        sent.append(list(zip(frame[::2], frame[1::2], strict=True)))
    for message, judgement in zip(messages, rtl433.judge(sent), strict=True):
        model = "Proove-Security" if message["protocol"] == "nexa" else "Generic-Remote"
        packets = [packet for packet in judgement if packet["model"] == model]
        assert packets, f"{message}: {judgement}"
        ours = message if message["protocol"] == "nexa" else message | {"protocol": "ev1527"}
        assert all(rtl433.same(ours, packet) for packet in packets), f"{message}: {packets[0]}"


def test_what_is_sent_is_decoded_here_too() -> None:
    message = {"protocol": "nexa", "house": 0x2AAAAAA, "unit": 9, "on": True, "group": False}
    frame = list(transmission(message)) * REPEAT
    assert list(Decoder().feed(array("H", frame), 5000)) == [message]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("on", "send 'on': protocol ev1527, pt2262 or nexa is needed"),
        ({"protocol": "x10"}, "send {'protocol': 'x10'}: protocol ev1527, pt2262 or nexa is needed"),
        ({"protocol": "ev1527"}, "send: code None: a whole number from 1 to 16777214 is needed"),
        ({"protocol": "ev1527", "code": 1 << 24}, "send: code 16777216: a whole number from 1 to 16777214 is needed"),
        ({"protocol": "ev1527", "code": 7, "base": 50}, "send: base 50: a whole number from 100 to 1000 is needed"),
        (
            {"protocol": "nexa", "house": 1, "unit": 16, "on": True},
            "send: unit 16: a whole number from 0 to 15 is needed",
        ),
        ({"protocol": "nexa", "house": 1, "unit": 1}, "send: on None: true or false is needed"),
        ({"protocol": "nexa", "house": 1.5, "unit": 1}, "send: house 1.5: a whole number from 0 to 67108863 is needed"),
    ],
)
def test_what_cannot_be_sent_is_refused(message: Any, reason: str) -> None:
    with pytest.raises(ValueError) as e:  # noqa: PT011 - the message is compared below
        transmission(message)
    assert str(e.value) == reason
