"""Surrogate pairs, which MicroPython's json does not decode; loaded when one is met."""

__all__ = ("joined",)


def joined(text):
    """Replace pairs of surrogates, as Python's json writes an emoji: MicroPython's makes two characters of one."""
    i = text.find("\\u")
    while i >= 0:
        high = text[i + 2 : i + 6]
        if high[:1] in ("d", "D") and text[i + 6 : i + 8] == "\\u" and not _escaped(text, i):
            high = int(high, 16) - 0xD800
            low = int(text[i + 8 : i + 12], 16) - 0xDC00
            if 0 <= high < 0x400 and 0 <= low < 0x400:
                text = text[:i] + chr(0x10000 + (high << 10) + low) + text[i + 12 :]
        i = text.find("\\u", i + 1)
    return text


def _escaped(text, i):
    return (i - len(text[:i].rstrip("\\"))) % 2
