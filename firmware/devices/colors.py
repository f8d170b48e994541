"""The notations of a colour: `"#rrggbb"`, `"#rgb"`, `[red, green, blue]` from 0 to 255, or a name."""

from .errors import DeviceError

__all__ = ("rgb",)

# The 16 basic names of CSS and a few more (CSS Color Module Level 4, §6.1), and the light of a lamp of 2700 K.
_NAMES = (
    " black silver gray grey white maroon red purple fuchsia magenta green lime"
    " olive yellow navy blue teal aqua cyan orange pink violet gold warmwhite "
)
_COLORS = (
    b"\x00\x00\x00\xc0\xc0\xc0\x80\x80\x80\x80\x80\x80\xff\xff\xff\x80\x00\x00"
    b"\xff\x00\x00\x80\x00\x80\xff\x00\xff\xff\x00\xff\x00\x80\x00\x00\xff\x00"
    b"\x80\x80\x00\xff\xff\x00\x00\x00\x80\x00\x00\xff\x00\x80\x80\x00\xff\xff"
    b"\x00\xff\xff\xff\xa5\x00\xff\xc0\xcb\xee\x82\xee\xff\xd7\x00\xff\xa7\x57"
)


def rgb(value):
    """Return a colour as three bytes, red first; names may have capitals. Raises DeviceError."""
    color = b""
    if isinstance(value, str):
        text = value.lower().replace("warm white", "warmwhite")
        if text[:1] == "#":
            if len(text) == 4:
                text = "#" + text[1] * 2 + text[2] * 2 + text[3] * 2
            try:
                color = bytes.fromhex(text[1:])
            except ValueError:
                pass
        elif " " not in text:
            at = 3 * _NAMES[: _NAMES.find(" {} ".format(text)) + 1].count(" ")
            color = _COLORS[at - 3 : at] if at else color
    elif isinstance(value, list) and len(value) == 3:
        for part in value:
            if type(part) is not int or not 0 <= part <= 255:
                break
        else:
            color = bytes(value)
    if len(color) == 3:
        return color
    what = 'color {:.60}: allowed: "#rrggbb", "#rgb", [red, green, blue] from 0 to 255{}'
    raise DeviceError(what.format(repr(value), _NAMES.rstrip().replace(" ", ", ")))
