"""Requests to a virtual board, one JSON object each: see docs/virtual-boards.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .hardware import Hardware
from .pins import OPEN_DRAIN, OUT, Pin
from .program import Program
from .thing import ControlError, Value, checked
from .things import Things

__all__ = ["Control"]

Values = dict[str, Any]

_TRUE = ("describe", "get", "reset", "wake")  # what does not depend on a value
_WIFI: dict[Any, Literal["there", "absent", "wrong password"]] = {
    True: "there",
    False: "absent",
    "wrong password": "wrong password",
}
_VOLTS = Value("volts", "number", "", low=0, high=3.3)
_RAW = Value("raw", "number", "", low=0, high=65535)
_RSSI = Value("rssi", "number", "", low=-120, high=0)
_ON = Value("power", "boolean", "")


class Control:
    """Does what it is asked for, and returns the answer; raises ControlError."""

    def __init__(self, config: Values, hardware: Hardware, things: Things, program: Program) -> None:
        self._config = config
        self._hardware = hardware
        self._things = things
        self._program = program
        self._verbs: dict[str, tuple[tuple[str, ...], Callable[[Values], Values]]] = {
            "describe": ((), self._describe),
            "get": ((), self._get),
            "pin": (("value",), self._pin),
            "adc": (("volts", "raw"), self._adc),
            "wifi": (("rssi",), self._wifi),
            "power": ((), self._power),
            "reset": ((), self._reset),
            "wake": ((), self._wake),
        }

    def do(self, request: Values) -> Values:
        """Do one request, whose only verb is one of its keys."""
        if "device" in request:
            return self._device(request)
        verb = next((key for key in request if key in self._verbs), None)
        if verb is None:
            allowed = ", ".join(("device", *self._verbs, "watch"))
            raise ControlError(f"one of these keys is needed: {allowed}; there are: {', '.join(request) or 'none'}")
        more, function = self._verbs[verb]
        if verb in _TRUE and request[verb] is not True:
            raise ControlError(f'{{"{verb}": true}} is needed')
        unknown = [key for key in request if key not in (verb, *more)]
        if unknown:
            raise ControlError(f"unknown key {unknown[0]!r} beside {verb!r}; allowed: {', '.join(more) or 'none'}")
        return function(request)

    def state(self) -> Values:
        """Return the state of the board, and all values."""
        return {
            "state": self._program.state,
            "wifi": next(key for key, state in _WIFI.items() if state == self._hardware.wifi.state),
            "connected": self._hardware.wifi.connected,
            "devices": self._things.all_values(),
        }

    def _describe(self, request: Values) -> Values:
        chip = self._hardware.chip
        adc = sorted(chip.adc | chip.adc2)
        return {
            "board": self._config["name"],
            "chip": chip.name,
            "title": chip.title,
            "version": self._config.get("version"),
            "devices": self._things.describe(),
            "pins": [*sorted(chip.pins), *(["LED"] if chip.led else [])],
            "adc": adc,
        }

    def _get(self, request: Values) -> Values:
        return self.state()

    def _device(self, request: Values) -> Values:
        role = request["device"]
        values = {key: value for key, value in request.items() if key != "device"}
        if values:
            self._things.thing(role).set(values)
        return {"device": role, "values": self._things.values(role)}

    def _pin(self, request: Values) -> Values:
        pin = self._find(request["pin"])
        if "value" in request:
            value = request["value"]
            if value is not None and (isinstance(value, float) or value not in (0, 1)):
                raise ControlError(f"value {value!r}: 0, 1 or null (let go) is needed")
            pin.drive(None if value is None else int(value))
        mode = {OUT: "out", OPEN_DRAIN: "open drain"}.get(pin.mode, "in")
        pwm = None if pin.pwm is None else {"freq": pin.pwm[0], "duty": round(pin.pwm[1] / 65535, 4)}
        return {"pin": pin.name, "mode": mode, "level": pin.level, "pwm": pwm}

    def _adc(self, request: Values) -> Values:
        pin = self._find(request["adc"])
        hardware = self._hardware
        if not hardware.converts(pin):
            allowed = ", ".join(map(str, sorted(hardware.chip.adc | hardware.chip.adc2)))
            raise ControlError(f"pin {pin.name} has no converter; those that have: {allowed}")
        if "volts" in request and request["volts"] is None:
            pin.fixed = None
        elif "volts" in request:
            pin.fixed = checked(_VOLTS, request["volts"])
        elif "raw" in request:
            pin.fixed = checked(_RAW, request["raw"]) / 65535 * 3.3
        return {"adc": pin.name, "volts": round(hardware.volts(pin), 3)}

    def _find(self, name: Any) -> Pin:
        try:
            if isinstance(name, bool) or not isinstance(name, int | str):
                raise ValueError
            return self._hardware.pin(name)
        except ValueError:
            chip = self._hardware.chip
            raise ControlError(f"{chip.title} has no pin {name!r}") from None

    def _wifi(self, request: Values) -> Values:
        wifi = self._hardware.wifi
        desired = request["wifi"]
        if (isinstance(desired, int) and not isinstance(desired, bool)) or desired not in list(_WIFI):
            raise ControlError(f'wifi {desired!r}; allowed: true, false, "wrong password"')
        if "rssi" in request:
            wifi.rssi = checked(_RSSI, request["rssi"])
        wifi.change(_WIFI[desired])
        return {"wifi": desired, "connected": wifi.connected, "rssi": wifi.rssi}

    def _power(self, request: Values) -> Values:
        on = checked(_ON, request["power"])
        self._program.power(on)
        return {"power": on}

    def _reset(self, request: Values) -> Values:
        self._program.reset()
        return {"reset": True}

    def _wake(self, request: Values) -> Values:
        return {"wake": self._program.wake()}
