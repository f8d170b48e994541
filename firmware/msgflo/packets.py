"""Packets: what a payload means, and how data becomes one."""

import json
import sys

from .errors import Error

__all__ = ("Message", "decode", "encode")


class Message:
    """A packet as a handler sees it: `data` (decoded), `raw` (the payload's bytes), `topic` and `retained`."""

    def __init__(self, raw, data, topic=None, retained=False):
        self.raw = self.buffer = raw  # `buffer` is what MsgFlo's own library calls it
        self.data = data
        self.topic = topic
        self.retained = retained

    @property
    def json(self):
        """The payload's JSON value, whatever the type of the port; None where it is no JSON."""
        try:
            return _loads(str(self.raw, "utf-8"))
        except (ValueError, RuntimeError):
            return None


def decode(payload):
    """Return the JSON value of a payload; its text where it is no JSON; its bytes where it is not even UTF-8."""
    try:
        text = str(payload, "utf-8")
    except ValueError:
        return payload
    try:
        return _loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        return text


def encode(data, raw=False):
    """Return the payload for data: JSON, or with `raw` the bytes that it is; raises Error where that is impossible."""
    try:
        if not raw:
            return _dumps(data).encode()
        return data.encode() if isinstance(data, str) else bytes(memoryview(data))
    except (TypeError, ValueError, RuntimeError) as e:
        allowed = "bytes or text" if raw else "what JSON can say"
        raise Error("{:.80} cannot be sent: {}; allowed: {}".format(repr(data), e, allowed)) from None


if sys.implementation.name == "micropython":

    def _loads(text):
        # MicroPython's json takes a few things that are no JSON. These are the likely ones: a code such as 007, and in
        # version 1.25 what was cut off.
        if text[:1] == "0" and text[1:2].isdigit():
            raise ValueError
        if text[:1] in ("[", "{") and text.rstrip()[-1:] not in ("]", "}"):
            raise ValueError
        if "\\u" in text:
            from ._surrogates import joined

            text = joined(text)
        return json.loads(text)

    def _dumps(data):
        # MicroPython's json writes what it cannot say as something that looks like JSON; this finds the usual cases.
        if isinstance(data, (bytes, bytearray)):
            raise TypeError("bytes are no JSON")
        if isinstance(data, float) and data - data != 0:
            raise ValueError("JSON has no nan and no infinity")
        return json.dumps(data)

else:

    def _no_json(name):
        raise ValueError(name)

    _loads = json.JSONDecoder(parse_constant=_no_json).decode  # pyright: ignore[reportAssignmentType] - or as above
    _dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # pyright: ignore[reportAssignmentType]
