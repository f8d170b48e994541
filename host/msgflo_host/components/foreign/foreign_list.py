"""The retained messages that list the foreign devices to announce. Pure.

On ``fbp/foreign/<id>``, retained: ``{"version": 7, "payload": {…}, "availability": {"topic": "…", "online": …, "offline": …}}``.
The payload is that of the discovery message; `availability` is null where the device has none. Where it is cleared, the
announcement is cleared, too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from msgflo.errors import ConfigError

from ...errors import DiscoveryError
from ...wire import discovery
from .foreign_file import Availability, Foreign

__all__ = ["LISTS", "content_of", "read", "read_content", "write"]

LISTS = "fbp/foreign/"


def content_of(device: Foreign) -> bytes:
    """Return the content of the message of a device, without the version."""
    body = msgspec.json.decode(discovery.encode(device.participant))["payload"]
    return msgspec.json.encode({"payload": body, "availability": device.availability})


def write(version: int, content: bytes) -> bytes:
    """Write what `content_of` returned."""
    return msgspec.json.encode({"version": version, **msgspec.json.decode(content)})


def read_content(topic: str, payload: bytes) -> tuple[int, bytes]:
    """Read the version, and what `content_of` would return; raises ConfigError."""
    message = _decode(topic, payload)
    return message.version, msgspec.json.encode({"payload": message.payload, "availability": message.availability})


def read(topic: str, payload: bytes) -> Foreign:
    """Read a device; raises ConfigError."""
    message = _decode(topic, payload)
    try:
        found = discovery.parse(
            msgspec.json.encode({"protocol": "discovery", "command": "participant", "payload": message.payload})
        )
    except DiscoveryError as error:
        raise ConfigError(f"{topic!r}: {error}") from None
    return Foreign(found, message.availability, "")


class _Message(msgspec.Struct, frozen=True):
    payload: dict[str, Any]
    version: int = 0
    availability: Availability | None = None


def _decode(topic: str, payload: bytes) -> _Message:
    try:
        return _MESSAGE.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{topic!r}: {error}") from None


_MESSAGE = msgspec.json.Decoder(_Message)
