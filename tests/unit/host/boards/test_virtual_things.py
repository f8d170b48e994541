"""What is wired to a virtual board does to its pins what the real thing would, and shows what they do to it."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.kinds import KINDS, Kind
from msgflo_host.boards.virtual.hardware import Hardware
from msgflo_host.boards.virtual.pins import OUT
from msgflo_host.boards.virtual.thing import ControlError
from msgflo_host.boards.virtual.things import Things

# Pins by the names of wirings, where a chip of any kind of use has them; see kinds.py.
PINS = {"pin": 32, "sck": 14, "ws": 15, "sd": 33, "red": 18, "green": 19, "blue": 21, "receive": 26, "transmit": 25}
NUMBERS = {"count": 3, "divider": 2}


class Wired:
    """One thing on a board of its own; `told` is what it has told."""

    def __init__(self, module: str, options: dict[str, Any], chip: str = "esp32") -> None:
        self.told: list[dict[str, Any]] = []
        self.hardware = Hardware(CHIPS[chip], noise=0.0)
        device = {"module": module, "role": "thing", "options": options}
        self.things = Things(self.hardware, {"devices": [device]}, lambda role, values: self.told.append(values))

    def set(self, **values: Any) -> None:
        self.things.thing("thing").set(values)

    def volts(self, pin: int = 32) -> float:
        return self.hardware.volts(self.hardware.pin(pin))


def options(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = dict(kind.fixed)
    for wiring in kind.wiring:
        if kind.i2c is wiring:
            found |= {"i2c": 0, "address": kind.i2c.allowed[0]}
        elif wiring.key in PINS:
            found[wiring.key] = PINS[wiring.key]
        else:
            found[wiring.key] = NUMBERS.get(wiring.key, getattr(wiring, "allowed", ("",))[0])
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_can_be_wired_and_has_something_to_set_or_to_see(kind: Kind) -> None:
    (described,) = Wired(kind.module, options(kind)).things.describe()
    assert described["inputs"] or described["outputs"]
    shown = {each["id"] for each in described["inputs"] + described["outputs"]}
    assert set(described["values"]) <= shown
    for value in described["inputs"] + described["outputs"]:
        assert value["type"] in ("number", "boolean", "string", "array")
        assert value["description"]


def test_all_numbers_of_a_kind_reach_their_limits() -> None:
    for kind in KINDS.values():
        wired = Wired(kind.module, options(kind))
        for value in wired.things.describe()[0]["inputs"]:
            if value["type"] == "number" and value["id"] != "press":
                for limit in (value["low"], value["high"]):
                    wired.set(**{value["id"]: limit})
                with pytest.raises(ControlError, match="is needed"):
                    wired.set(**{value["id"]: value["high"] + 1})


@pytest.mark.parametrize(("module", "shown"), [("led", "lit"), ("relay", "closed")])
@pytest.mark.parametrize("active", ["high", "low"])
def test_outputs_show_whether_they_are_on(module: str, shown: str, active: str) -> None:
    wired = Wired(module, {"pin": 32, "active": active})
    pin = wired.hardware.pin(32)
    off = 0 if active == "high" else 1
    pin.configure(OUT, value=off)
    assert wired.told == []
    pin.put(1 - off)
    pin.put(off)
    pin.put(1 - off)
    pin.reset()  # of the chip: nothing drives it any more
    assert [each[shown] for each in wired.told] == [True, False, True, False]


@pytest.mark.parametrize("common", ["cathode", "anode"])
def test_rgb_led_shows_its_color(common: str) -> None:
    wired = Wired("rgb", {"red": 18, "green": 19, "blue": 21, "common": common})
    for number, share in ((18, 1.0), (19, 0x80 / 0xFF), (21, 0.0)):
        duty = round(65535 * (share if common == "cathode" else 1 - share))
        wired.hardware.pin(number).modulate((1000, duty))
    assert wired.told[-1] == {"color": "#ff8000"}


def test_strip_keeps_what_it_shows_through_a_reset_but_not_without_power() -> None:
    wired = Wired("pixels", {"pin": 32, "count": 2})
    wired.hardware.pin(32).bits(b"\x80\xff\x00" + b"\x00\x00\x40" + b"\x01\x01\x01")  # one more than it has
    assert wired.told[-1] == {"colors": ["#ff8000", "#000040"]}
    wired.hardware.start("hard")
    assert wired.things.values("thing") == {"colors": ["#ff8000", "#000040"]}
    wired.things.lose_power()
    assert wired.told[-1] == {"colors": ["#000000", "#000000"]}
