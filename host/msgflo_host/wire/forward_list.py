"""The retained lists that the forwarder applies, and its confirmations. Pure.

On ``fbp/forward/<id>``, retained, is the list of the forwards to one participant:
``{"version": 7, "forwards": [{"source": "…", "target": "…", "qos": 1, "retain": true, "text": true}, …]}``; what is 0 or
false may be left out. On ``fbp/forwarded/<id>``, retained, the forwarder confirms the version that it
has applied, and names the connections on which it has subscribed to the sources:
``{"version": 7, "refused": ["…"], "lanes": [["…"], …]}``. Where there is no
list any more, it clears that. Versions rise, whoever writes them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from msgflo.errors import ConfigError
from msgflo.topics import check_filter, check_topic, escape, unescape

from ..util.text_checks import Problem, check_mqtt

__all__ = [
    "ASK_CONFIRMATIONS",
    "ASK_LISTS",
    "CLIENT_ID",
    "CONFIRMED",
    "LISTS",
    "MOST_LANES",
    "Confirmation",
    "Forward",
    "ForwardList",
    "confirmed_topic",
    "participant_of",
    "read_confirmation",
    "read_list",
    "write_list",
]

CLIENT_ID = "msgflo-forwarder"
LISTS, CONFIRMED = "fbp/forward/", "fbp/forwarded/"
ASK_LISTS, ASK_CONFIRMATIONS = "fbp/forward", "fbp/forwarded"
"""A message here asks for all of them again: some brokers do not send retained messages to wildcard subscriptions."""

_LARGEST = 4 * 1024 * 1024
"""Bytes of a list."""
_MOST_FORWARDS = 1000
"""In one list."""
MOST_LANES = 8
"""Connections that subscribe: filters that overlap need one each."""


class Forward(msgspec.Struct, frozen=True, order=True, gc=False):
    """Packets on `source`, a topic or a filter, are published on `target` as well, with this QoS and retain flag.

    With `text`, one that is a JSON text is published without quotes and escapes.
    """

    source: str
    target: str
    qos: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0
    retain: bool = False
    text: bool = False


class ForwardList(msgspec.Struct, frozen=True):
    """The forwards to one participant."""

    version: int
    forwards: frozenset[Forward]


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The version of a list that the forwarder has applied."""

    version: int
    refused: tuple[str, ...] = ()
    """Sources that bring nothing: the broker refuses them, or they would close a cycle."""
    lanes: tuple[tuple[str, ...], ...] = ()
    """The sources by the connection on which they are subscribed to: its session has them also when nobody is there."""


def confirmed_topic(participant: str) -> str:
    """Return the topic on which a list is confirmed."""
    topic: str = CONFIRMED + escape(participant)
    return topic


def participant_of(topic: str) -> str:
    """Return whose list or confirmation a topic is for; raises ConfigError."""
    try:
        participant: str = unescape(topic.rpartition("/")[2])
    except ValueError as error:
        raise ConfigError(f"{topic!r}: {error}") from None
    return participant


def read_list(topic: str, payload: bytes) -> ForwardList:
    """Read a list; raises ConfigError, which names the mistake and its place."""
    if len(payload) > _LARGEST:
        raise ConfigError(f"{topic!r}: a list of {len(payload)} bytes; allowed are {_LARGEST}")
    try:
        found = _LIST.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{topic!r}: {error}") from None
    if len(found.forwards) > _MOST_FORWARDS:
        raise ConfigError(f"{topic!r}: {len(found.forwards)} forwards; allowed are {_MOST_FORWARDS}")
    for forward in found.forwards:
        check_filter(forward.source, f"{topic!r}: source")
        check_topic(forward.target, f"{topic!r}: target")
        try:
            check_mqtt(forward.source, "source")
            check_mqtt(forward.target, "target")
        except Problem as problem:
            raise ConfigError(f"{topic!r}: {problem}") from None
    return found


def write_list(found: ForwardList) -> bytes:
    """Write a list, sorted, so that the same forwards are the same bytes."""
    return msgspec.json.encode({"version": found.version, "forwards": sorted(found.forwards)})


def read_confirmation(payload: bytes) -> Confirmation | None:
    """Read a confirmation; None where it is none."""
    try:
        found = _CONFIRMATION.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if len(found.lanes) <= MOST_LANES else None


_LIST = msgspec.json.Decoder(ForwardList)
_CONFIRMATION = msgspec.json.Decoder(Confirmation)
