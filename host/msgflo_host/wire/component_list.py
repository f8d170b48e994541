"""The retained messages that name the built-in component of a participant, and its reports. Pure.

On ``fbp/component/<id>``, retained: ``{"version": 7, "component": "core/Toggle"}``. With ``"secure": true`` its errors and lines
may not show what came to it. A new one with ``"was": "<id>"`` goes on with the memory of that one, which is renamed. Where
that is cleared, the participant ends. On ``fbp/log/<id>``, not retained, it reports ``{"error": "…"}`` or ``{"text": "…"}``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from msgflo.errors import ConfigError

__all__ = ["ASK", "CLIENT_ID", "LISTS", "LOG", "Description", "Report", "read", "read_report", "write"]

CLIENT_ID = "msgflo-components"
LISTS, LOG = "fbp/component/", "fbp/log/"
ASK = "fbp/component"
"""A message here asks for all of them again: some brokers do not send retained messages to wildcard subscriptions."""


class Description(msgspec.Struct, frozen=True, omit_defaults=True):
    """The built-in component of a participant."""

    component: str
    version: Annotated[int, msgspec.Meta(ge=0)] = 0
    secure: bool = False
    was: str = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error of a participant, or a line that it shows."""

    error: str = ""
    text: str = ""


def read(topic: str, payload: bytes) -> Description:
    """Read a message on a topic below LISTS; raises ConfigError."""
    try:
        found: Description = _DESCRIPTION.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{topic!r}: {error}") from None
    return found


def write(description: Description) -> bytes:
    """Write a description."""
    return msgspec.json.encode(description)


def read_report(payload: bytes) -> Report | None:
    """Read a report; None where it is none."""
    try:
        return _REPORT.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


_DESCRIPTION = msgspec.json.Decoder(Description)
_REPORT = msgspec.json.Decoder(Report)
