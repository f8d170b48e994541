"""Things wired to a virtual board, as its user sees them: values that can be set, and values that they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import MsgfloError
from .hardware import Hardware

__all__ = ["ControlError", "Thing", "Value", "checked"]


class ControlError(MsgfloError):
    """The request cannot be done; the text has the reason, and what can be."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a thing: `type` is number, boolean, string or array; `allowed` are the texts that a string can be."""

    id: str
    type: str
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """Return all that a program needs to show it."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "", ())}


class Thing:
    """Derive from this for a kind of thing, name `inputs` and `outputs`, and wire it in `__init__`.

    Each input `x` is set by a method `set_x`, or else stored in `state`; `show` returns the outputs. `changed()` is to be called
    when an output may have changed.
    """

    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        self.hardware = hardware
        self.options = options
        self.changed = changed
        self.state: dict[str, Any] = {}

    def set(self, values: Mapping[str, Any]) -> None:
        """Set inputs; raises ControlError, and then none was set."""
        known = {each.id: each for each in self.inputs}
        for key in values:
            if key not in known:
                allowed = f"there are: {', '.join(known)}" if known else "it has no inputs"
                raise ControlError(f"no input {key!r}; {allowed}")
        for key, value in {key: checked(known[key], value) for key, value in values.items()}.items():
            setter = getattr(self, f"set_{key}", None)
            if setter is not None:
                setter(value)
            else:
                self.state[key] = value

    def show(self) -> dict[str, Any]:
        """Return the values of the outputs."""
        return {}

    def lose_power(self) -> None:
        """Forget what is shown by itself."""

    def describe(self) -> dict[str, Any]:
        """Return all that a program needs to show it, and to let people use it."""
        return {
            "inputs": [each.describe() for each in self.inputs],
            "outputs": [each.describe() for each in self.outputs],
            "values": {**self.state, **self.show()},
        }


def checked(value: Value, given: Any) -> Any:
    """Return a value that is allowed; raises ControlError."""
    if value.type == "number":
        low, high = value.low if value.low is not None else -1e9, value.high if value.high is not None else 1e9
        if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
            raise ControlError(f"{value.id} {given!r}: a number from {low:g} to {high:g} is needed")
    elif value.type == "boolean":
        if not isinstance(given, bool):
            raise ControlError(f"{value.id} {given!r}: true or false is needed")
    elif value.type == "string":
        if given not in value.allowed:
            raise ControlError(f"{value.id} {given!r}; allowed: {', '.join(value.allowed)}")
    elif not isinstance(given, list):
        raise ControlError(f"{value.id} {given!r}: a list is needed")
    return given
