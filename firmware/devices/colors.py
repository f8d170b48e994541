"""What people and programs call a colour: `"#rrggbb"`, `"#rgb"`, `[red, green, blue]` from 0 to 255, or a name."""

from .errors import DeviceError

__all__ = ("rgb",)

# The 16 basic names of CSS (CSS Color Module Level 4, §6.1), a few more of its names, and the light of a 2700 K lamp.
_NAMES = (
    " black=000000 silver=c0c0c0 gray=808080 grey=808080 white=ffffff maroon=800000 red=ff0000 purple=800080"
    " fuchsia=ff00ff magenta=ff00ff green=008000 lime=00ff00 olive=808000 yellow=ffff00 navy=000080 blue=0000ff"
    " teal=008080 aqua=00ffff cyan=00ffff orange=ffa500 pink=ffc0cb violet=ee82ee gold=ffd700 warmwhite=ffa757 "
)


def rgb(value):
    """Return a colour as (red, green, blue); capitals do not matter. Raises DeviceError."""
    if isinstance(value, str):
        text = value.lower().replace("warm white", "warmwhite")
        digits = text[1:]
        if text[:1] != "#":
            at = _NAMES.find(" {}=".format(text))
            digits = _NAMES[at + len(text) + 2 :][:6] if at >= 0 else ""
        elif len(digits) == 3:
            digits = "".join([digit + digit for digit in digits])
        if len(digits) == 6 and not [digit for digit in digits if digit not in "0123456789abcdef"]:
            return tuple(bytes.fromhex(digits))
    elif isinstance(value, (list, tuple)) and [type(part) is int and 0 <= part <= 255 for part in value] == [True] * 3:
        return tuple(value)
    names = [name.split("=")[0] for name in _NAMES.split()]
    what = 'color {:.60}: allowed: "#rrggbb", "#rgb", [red, green, blue] from 0 to 255, {}'
    raise DeviceError(what.format(repr(value), ", ".join(names)))
