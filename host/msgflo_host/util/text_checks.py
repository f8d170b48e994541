"""Checks of the values in a discovery message: texts, topics, and unknown keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from msgflo.paho_topics import FORBIDDEN, MAX_SLASHES

from . import bounded_json
from .quoting import MOST_SHOWN, quoted, shown

__all__ = [
    "FORBIDDEN",
    "Problem",
    "check_mqtt",
    "decode",
    "is_plain",
    "is_uri",
    "name",
    "scalar",
    "shallow",
    "unknown_keys",
]

_FORBIDDEN_BUT_NUL = re.compile(FORBIDDEN.pattern.replace("\x00", "\x01", 1))
# Short topics of plain characters, nearly all there are, need no closer check.
_PLAIN = re.compile(r"[0-9A-Za-z_./ :=@\-]{1,200}\Z")
_MAX_TOPIC = 65535  # bytes: MQTT 3.1.1, §1.5.3


class Problem(Exception):
    """A mistake in a value; the caller adds where it stood."""


def decode(payload: bytes) -> Any:
    """Return the JSON value in `payload`, or raise Problem."""
    try:
        return bounded_json.loads(payload)
    except UnicodeDecodeError as error:
        raise Problem(f"the message is not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise Problem("the message is nested too deeply") from None
    except ValueError as error:
        raise Problem(
            f"the message is not JSON: {error}; it begins with {shown(bytes(payload[:MOST_SHOWN]))}"
        ) from None


def name(value: Any, where: str, limit: int, *, nul: bool = False) -> str | None:
    """Return a text of at most `limit` characters, None where it is empty or absent; numbers are names, too."""
    if type(value) is not str:
        if value is None:
            return None
        if type(value) is not int or abs(value) >= 10**MOST_SHOWN:
            raise Problem(f"{where} is {shown(value)}; a text is needed")
        value = str(value)
    if not value:
        return None
    if len(value) > limit:
        raise Problem(f"{where} has {len(value)} characters; at most {limit} are allowed: {shown(value)}")
    if not _PLAIN.match(value):
        found = (_FORBIDDEN_BUT_NUL if nul else FORBIDDEN).search(value)
        if found:
            raise Problem(f"{where} is {shown(value)}; the character U+{ord(found[0]):04X} in it is not allowed")
    return sys.intern(value)


def scalar(value: Any, where: str) -> str:
    """Return any JSON scalar as a text; null is the empty one."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Problem(f"{where} is {shown(value)}; a text is needed")
    return msgspec.json.encode(value).decode()


def unknown_keys(values: dict[str, Any], known: frozenset[str], depth: int) -> dict[str, Any]:
    """Return the keys that are not known, after a check of how deeply their values are nested."""
    unknown = values.keys() - known
    return {key: shallow(values[key], quoted(key), depth) for key in values if key in unknown} if unknown else {}


def shallow(value: Any, where: str, depth: int) -> Any:
    """Return a value that is nested at most `depth` deep: it must be safe to compare and to write again."""
    level: Iterable[Any] = (value,)
    for _ in range(depth + 1):
        level = [
            inner for outer in level if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]  # fmt: skip
        if not level:
            return value
    raise Problem(f"{where} is nested more than {depth} deep")


def is_plain(topic: str) -> bool:
    """Return whether a topic is short, has no wildcards and nothing unusual."""
    return _PLAIN.match(topic) is not None


def is_uri(text: str) -> bool:
    """Return whether a text begins with a scheme, as in `https://example.org/schema.json`."""
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def check_mqtt(topic: str, where: str = '"queue"') -> None:
    """Raise Problem for a topic that makes Mosquitto end the connection, however MQTT sees it."""
    found = FORBIDDEN.search(topic)
    if found:
        raise Problem(f"{where} is {shown(topic)}; the character U+{ord(found[0]):04X} in it is not allowed in a topic")
    if topic.count("/") > MAX_SLASHES:
        raise Problem(f"{where} is {shown(topic)}, with {topic.count('/')} slashes; at most {MAX_SLASHES} are allowed")
    if len(topic) * 4 > _MAX_TOPIC and len(topic.encode()) > _MAX_TOPIC:
        raise Problem(f"{where} is {shown(topic)}, with {len(topic.encode())} bytes; at most {_MAX_TOPIC} are allowed")
