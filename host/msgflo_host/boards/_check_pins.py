"""Checks pins: what the chip allows, and that no two devices want the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._check import Section
from .chips import Chip, pins_text
from .kinds import Kind, Pin

__all__ = ["ALLOW", "Pins"]

_NAMED = re.compile(r"((?:GPIO|GP|IO)[ _]?)?0*(\d{1,3})", re.I)
_OWN_LED = "the board's own LED is  pin: LED"
_PICOS_LED = 25  # where a Pico without Wi-Fi has it
# What a device may say to have looked after: each is refused without.
ALLOW = {
    "strapping": "what is wired to this strapping pin leaves it alone at reset",
    "console": "nobody needs this pin for flashing and watching the board",
    "no-pull": "a resistor outside of the chip pulls this input",
}


class Pins:
    """The pins of a board, given away one by one; without a chip they cannot be checked."""

    def __init__(self, chip: Chip | None, psram: bool) -> None:
        self._chip = chip
        self._psram = psram
        self._taken: dict[int | str, str] = {}
        self._pwm: dict[int, tuple[int, str]] = {}

    def take(self, section: Section, pin: Pin, kind: Kind | None = None) -> int | str | None:
        """Return the GPIO at a key of a device; None if it cannot be used for that, which has been reported."""
        allow = set(section.words("allow", ALLOW))
        place = section.given(pin.key, f"{pin.key}: 4")
        if place is None:
            return None
        number = place.value
        if number == "LED":
            if not self._led(section, pin):
                return None
        elif isinstance(number, bool) or not isinstance(number, int):
            own = pin.led and self._chip is not None and self._chip.led and str(number).lower() == "led"
            section.wrong(pin.key, _OWN_LED if own else _number(number))
            return None
        elif self._chip is not None:
            reason = self._refused(number, pin, self._chip, allow) or _pull(
                section, number, pin, kind, self._chip, allow
            )
            if reason:
                own = pin.led and self._chip.led and self._chip.wifi and number == _PICOS_LED
                section.wrong(pin.key, f"{reason}; {_OWN_LED}" if own else reason)
                return None
        where = section.where(pin.key)
        other = self._taken.setdefault(number, where)
        if other != where:
            section.wrong(pin.key, f"it is taken by {other}")
            return None
        if pin.use == "pwm":
            self._pulse_width(section, pin.key, number)
        return number  # type: ignore[no-any-return]

    def together(self, section: Section, wiring: Mapping[str, Any]) -> None:
        """Report pins of one device that the chip cannot use together."""
        sck, ws = wiring.get("sck"), wiring.get("ws")
        # MicroPython's machine.I2S on RP2: its PIO program sets both as neighbours.
        if self._chip is not None and self._chip.rp2 and isinstance(sck, int) and ws not in (None, sck + 1):
            section.wrong("ws", f"on an RP2 it must be the GPIO after sck, {sck + 1}")

    def _led(self, section: Section, pin: Pin) -> bool:
        if self._chip is not None and not self._chip.led:
            section.wrong(pin.key, f"the {self._chip.name} has no pin of that name; give the number of its LED's GPIO")
        elif not pin.led:
            section.wrong(pin.key, "the board's own LED can be a led, nothing else")
        else:
            return True
        return False

    def _refused(self, number: int, pin: Pin, chip: Chip, allow: set[str]) -> str | None:
        """Return why the chip's pin is not for this use."""
        if number not in chip.pins:
            return f"the chip {chip.name} has GPIO {pins_text(chip.pins)}"
        by = chip.taken.get(number) or (chip.psram.get(number) if self._psram else None)
        if by is not None:
            return f"on this {chip.name} it belongs to {by}"
        if pin.use not in ("input", "adc") and number in chip.input_only:
            return f"it is an input only; outputs of the {chip.name} are {pins_text(_outputs(chip))}"
        if number in chip.console and "console" not in allow:
            return f"it is used by {chip.console[number]}; take another, or say  allow: [console]"
        if pin.use == "adc" and number not in chip.adc:
            what = "its converter, ADC2, does not work beside Wi-Fi" if number in chip.adc2 else "it has no ADC"
            return f"{what}; for that the {chip.name} has GPIO {pins_text(chip.adc)}"
        if number in chip.strapping and "strapping" not in allow:
            return f"it is a strapping pin: {chip.strapping[number]}; take another, or say  allow: [strapping]"
        return None

    def _pulse_width(self, section: Section, key: str, number: int | str) -> None:
        if self._chip is None or not isinstance(number, int):
            return
        # RP2040 Datasheet, §4.5.2: GPIO 0 to 15 have the 16 channels, GPIO 16 to 29 the first of them once more.
        channel = number % 16 if self._chip.rp2 else len(self._pwm)
        other, where = self._pwm.setdefault(channel, (number, section.where(key)))
        if other != number:
            section.wrong(key, f"its PWM channel is that of GPIO {other}, which is taken by {where}")
        elif not self._chip.rp2 and channel >= self._chip.pwm:
            section.wrong(key, f"it would be PWM output {channel + 1}, and the {self._chip.name} has {self._chip.pwm}")


def _number(given: object) -> str:
    """Return what is to stand there instead of something that is no number."""
    meant = _NAMED.fullmatch(given) if isinstance(given, str) else None
    if meant is None:
        return "the number of a GPIO is needed, as in 4"
    return f"the number of a GPIO is needed{'' if meant[1] else ', without quotes'}, as in {meant[2]}"


def _outputs(chip: Chip) -> set[int]:
    return {*chip.pins} - chip.input_only - chip.taken.keys()


def _pull(section: Section, number: int, pin: Pin, kind: Kind | None, chip: Chip, allow: set[str]) -> str | None:
    """Return what is missing where the firmware counts on a resistor in the chip."""
    if kind is None or kind.pull is None or pin.use not in ("input", "both") or "no-pull" in allow:
        return None
    active = section.at.value.get("active")
    down = kind.pull == "active" and active is not None and active.value == "high"
    if number in chip.no_pull:
        return f"it has no pull-{'down' if down else 'up'} in the chip; add a resistor and say  allow: [no-pull]"
    if down and chip.no_pull_down:
        return "pull-downs of this chip do not work (RP2350-E9); use  active: low, or a resistor and  allow: [no-pull]"
    return None
