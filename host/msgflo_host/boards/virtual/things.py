"""All that is wired to a virtual board, by the roles that its port map gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .controls import Button, Led, Pixels, Radio, Relay, Rgb
from .hardware import Hardware
from .sensors import Battery, Climate, Light, Lux, Microphone, Potentiometer
from .thing import ControlError, Thing

__all__ = ["Things"]

# By the name of the firmware's module for the kind.
_KINDS: dict[str, type[Thing]] = {
    "battery": Battery,
    "button": Button,
    "climate": Climate,
    "led": Led,
    "light": Light,
    "lux": Lux,
    "pixels": Pixels,
    "potentiometer": Potentiometer,
    "relay": Relay,
    "rf433": Radio,
    "rgb": Rgb,
    "sound": Microphone,
    "weather": Climate,
}


class Things:
    """Makes the things that a compiled port map (`board.json`) names, and wires them.

    `on_change(role, values)` is called when outputs of a thing have changed.
    """

    def __init__(
        self, hardware: Hardware, config: Mapping[str, Any], on_change: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._hardware = hardware
        self._on_change = on_change
        self._shown: dict[str, dict[str, Any]] = {}
        self._things: dict[str, Thing] = {}
        self._kinds: dict[str, str] = {}
        for device in config["devices"]:
            self._wire(device["role"], device["module"], device.get("options") or {})

    def _wire(self, role: str, module: str, options: dict[str, Any]) -> None:
        if module == "weather":
            options = {"sensor": "bme280"} | options
        kind = _KINDS.get(module, Thing)
        thing = kind(self._hardware, options, partial(self._changed, role))
        self._things[role] = thing
        self._kinds[role] = module
        self._shown[role] = thing.show()

    def thing(self, role: Any) -> Thing:
        """Return a thing; raises ControlError where there is none."""
        found = self._things.get(role) if isinstance(role, str) else None
        if found is None:
            raise ControlError(f"no device {role!r}; there are: {', '.join(self._things) or 'none'}")
        return found

    def values(self, role: str) -> dict[str, Any]:
        """Return the values of all inputs and outputs of a thing."""
        thing = self.thing(role)
        return {**thing.state, **thing.show()}

    def all_values(self) -> dict[str, dict[str, Any]]:
        """Return the values of all things by their roles."""
        return {role: self.values(role) for role in self._things}

    def describe(self) -> list[dict[str, Any]]:
        """Return what a program needs to show all things."""
        return [{"device": role, "kind": self._kinds[role], **thing.describe()} for role, thing in self._things.items()]

    def lose_power(self) -> None:
        """Reset the things that keep their state without the program."""
        for thing in self._things.values():
            thing.lose_power()

    def _changed(self, role: str) -> None:
        if role not in self._shown:
            return  # it is being made
        shown = self._things[role].show()
        if shown != self._shown[role]:
            self._shown[role] = shown
            self._on_change(role, shown)
