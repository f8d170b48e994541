"""Converts a packet's data to the type of its port.

Devices say the same in many ways: a switch sends `true`, `"ON"` or `1`, a thermometer 21.5 or `"21.5"`. What can mean
one thing only is accepted. Everything else raises Error, whose text lists what is allowed.
"""

from .errors import Error
from .packets import encode

__all__ = ("CONVERSIONS", "array", "boolean", "is_released", "number", "object_", "shown", "string", "text_of")

_SWITCHES = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_DIGITS = 400  # characters; more stand for no finite number
_EXACT = 2**53  # whole numbers beyond are floats, as in most programs that read JSON
_SHOWN = 60  # characters of a value in a message


def boolean(value):
    """Return true or false: a JSON boolean, 1 or 0, or a text such as "ON", "off", "true", "no", "1" in any case."""
    known = None
    if isinstance(value, str):
        known = _SWITCHES.get(value.strip().lower())
    elif isinstance(value, (bool, int, float)) and value in (0, 1):
        known = value == 1
    if known is None:
        raise Error('{}; allowed: true, false, 1, 0, "on", "off", "yes", "no"'.format(shown(value)))
    return known


def number(value):
    """Return a finite number: a JSON number, or a text of one such as "21.5"."""
    found = value
    if isinstance(value, str):
        digits = value.strip()
        # Python's own functions also take 1_000, inf, nan and digits of other scripts.
        if len(digits) <= _DIGITS and digits and all(c in "0123456789.eE+-" for c in digits):
            try:
                found = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
            except ValueError:
                pass  # refused below
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            if abs(found) > _EXACT:
                found = float(found)
            if found - found == 0:
                return found
        except OverflowError:
            pass  # refused below
    raise Error('{}; a finite number is needed, such as 21.5 or "21.5"'.format(shown(value)))


def string(value):
    """Return a text; a number or a boolean is one, too, as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return text_of(value)
    raise Error("{}; a text is needed".format(shown(value)))


def array(value):
    """Return a list."""
    if isinstance(value, list):
        return value
    raise Error("{}; a list is needed".format(shown(value)))


def object_(value):
    """Return an object: a dictionary."""
    if isinstance(value, dict):
        return value
    raise Error("{}; an object is needed".format(shown(value)))


def _anything(value):
    return value


CONVERSIONS = {
    "any": _anything,
    "array": array,
    "bang": _anything,
    "boolean": boolean,
    "number": number,
    "object": object_,
    "string": string,
}
"""By type of port: the function that returns the value, or raises Error."""


def is_released(value):
    """Tell whether a packet means false: what a button sends when it is let go."""
    try:
        return not boolean(value)
    except Error:
        return False


def text_of(value):
    """Return a value as a text: a text as it is, anything else as JSON; raises Error."""
    return value if isinstance(value, str) else encode(value).decode()


def shown(value):
    """Return a value for a message, shortened."""
    if isinstance(value, dict):
        return "an object with {} keys".format(len(value)) if value else "an empty object"
    if isinstance(value, list):
        return "a list of {}".format(len(value)) if value else "an empty list"
    try:
        text = encode(value).decode()
    except (Error, ValueError):  # bytes; half a character of a text; inf, nan; a number with too many digits to print
        if isinstance(value, float):
            return str(value)
        text = "a text that is not Unicode" if isinstance(value, str) else "a number that is too long"
        if isinstance(value, (bytes, bytearray)):
            text = "bytes"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
