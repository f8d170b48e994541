"""The sensors of a virtual board: what they measure can be set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .hardware import Hardware
from .models.aht20 import Aht20
from .models.bh1750 import Bh1750
from .models.bme280 import Bme280
from .models.dht import Dht
from .models.sht3x import Sht3x
from .models.sound import Sound
from .thing import Thing, Value

__all__ = ["Battery", "Climate", "Light", "Lux", "Microphone", "Potentiometer"]

_SUPPLY = 3.3  # V
_ADDRESSES = {"sht3x": 0x44, "aht20": 0x38, "bme280": 0x76, "bh1750": 0x23}  # where the port map names none
_TEMPERATURE = Value("temperature", "number", "Of the air", "°C", -40, 85)
_HUMIDITY = Value("humidity", "number", "Relative humidity of the air", "%", 0, 100)
_PRESSURE = Value("pressure", "number", "Of the air", "hPa", 300, 1100)
_FAULT = Value("fault", "string", "What is wrong with it", allowed=("none", "absent", "damaged"))


class Climate(Thing):
    """Any sensor of temperature and humidity: `sensor` says which."""

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        sensor = options["sensor"]
        self.address = options.get("address", _ADDRESSES.get(sensor))
        self._model: Any
        if sensor in ("dht11", "dht22"):
            self._model = dht = Dht(sensor)
            hardware.pin(options["pin"]).answer = dht.answer
        else:
            self._model = {"sht3x": Sht3x, "aht20": Aht20, "bme280": Bme280}[sensor]()
            hardware.bus(options["i2c"]).parts[self.address] = self._model
        pressure = (_PRESSURE,) if sensor == "bme280" else ()
        self.inputs = (_TEMPERATURE, _HUMIDITY, *pressure, _fault(self._model))
        for each in self.inputs[:-1]:
            self.state[each.id] = getattr(self._model, each.id)
        self.state["fault"] = "none"

    def set(self, values: Mapping[str, Any]) -> None:
        """Let it measure these from now on."""
        super().set(values)
        for key, value in self.state.items():
            if key != "fault":
                setattr(self._model, key, value)

    def set_fault(self, fault: str) -> None:
        """Let it send wrong checksums, or not answer at all."""
        self.state["fault"] = fault
        if hasattr(self._model, "damaged"):
            self._model.damaged = fault == "damaged"
        if isinstance(self._model, Dht):
            self._model.absent = fault == "absent"
        else:
            _set_absent(self, self.address, fault == "absent")


class Lux(Thing):
    """A BH1750."""

    inputs = (Value("lux", "number", "What shines on it", "lx", 0, 100_000), Value("fault", "string", "What is wrong with it",
              allowed=("none", "absent")))  # fmt: skip

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self.address = options.get("address", _ADDRESSES["bh1750"])
        self._model = hardware.bus(options["i2c"]).parts[self.address] = Bh1750()
        self.state = {"lux": self._model.lux, "fault": "none"}

    def set_lux(self, lux: float) -> None:
        self.state["lux"] = self._model.lux = lux

    def set_fault(self, fault: str) -> None:
        """Let it not answer."""
        self.state["fault"] = fault
        _set_absent(self, self.address, fault == "absent")


class _Analog(Thing):
    """Something at a pin with a converter; its only input is turned into volts by `volts`."""

    begin = 0.0

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self.state[self.inputs[0].id] = self.begin
        hardware.pin(options["pin"]).volts = lambda: self.volts(self.state[self.inputs[0].id])

    def volts(self, value: float) -> float:
        raise NotImplementedError


class Light(_Analog):
    """A light-dependent resistor, the darker the less volts."""

    inputs = (Value("light", "number", "How bright it is", "%", 0, 100),)
    begin = 50.0

    def volts(self, value: float) -> float:
        return value / 100 * _SUPPLY


class Potentiometer(_Analog):
    """Its wiper, between ground and supply."""

    inputs = (Value("position", "number", "Where it stands, from one end to the other", "", 0, 1),)

    def volts(self, value: float) -> float:
        return value * _SUPPLY


class Battery(_Analog):
    """A battery behind a divider."""

    inputs = (Value("volts", "number", "Of the battery", "V", 0, 60),)
    begin = 3.9

    def volts(self, value: float) -> float:
        return float(value / self.options.get("divider", 1))


class Microphone(Thing):
    """A microphone, analogue or digital."""

    inputs = (Value("level", "number", "How loud it is; 0 is the loudest that can be told", "dB", -120, 0),)

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self._model = Sound()
        self.state["level"] = self._model.level
        pin = hardware.pin(options.get("pin", options.get("sd")))
        if "pin" in options:
            pin.volts = self._model.volts
        else:
            hardware.microphones[pin] = self._model

    def set_level(self, level: float) -> None:
        self.state["level"] = self._model.level = level


def _fault(model: Any) -> Value:
    """A sensor without checksums cannot be damaged in a way that shows."""
    if hasattr(model, "damaged"):
        return _FAULT
    return Value("fault", "string", "What is wrong with it", allowed=("none", "absent"))


def _set_absent(thing: Thing, address: int, absent: bool) -> None:
    """Take a part from its bus, or put it back."""
    bus = thing.hardware.bus(thing.options["i2c"])
    (bus.absent.add if absent else bus.absent.discard)(address)
