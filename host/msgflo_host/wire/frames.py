"""MQTT 3.1.1 packets as bytes: only what the forwarder needs. Pure. Sections are those of the OASIS standard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "CONNACK",
    "DISCONNECT",
    "MAX_LENGTH",
    "PINGREQ",
    "PINGRESP",
    "PUBACK",
    "PUBLISH",
    "SUBACK",
    "UNSUBACK",
    "MalformedPacket",
    "Packet",
    "connect",
    "encode_length",
    "length",
    "packet_id",
    "puback",
    "publish",
    "publish_head",
    "read_publish",
    "subscribe",
    "text",
    "topic_end",
    "unsubscribe",
]

# §2.2.1: the kind is the upper half of the first byte.
CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xB0, 0xD0
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
_WILL = 1 << 2 | 1 << 3 | 1 << 5
"""Flags of a CONNECT (§3.1.2.5 to 7): there is a will, with QoS 1, to be retained."""

MAX_LENGTH = 268_435_455
"""Bytes of a packet after its length (§2.2.3)."""


class MalformedPacket(Exception):
    """A packet that breaks MQTT 3.1.1: the connection has to be closed (§4.8)."""


class Packet(NamedTuple):
    """The content of a PUBLISH (§3.3); `packet_id` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    again: bool
    """The broker sends it not for the first time."""
    packet_id: int


def connect(
    client_id: str,
    *,
    keepalive: int,
    clean_session: bool,
    user: str | None = None,
    password: str | None = None,
    will: tuple[str, str] | None = None,
) -> bytes:
    """Encode a CONNECT (§3.1); `keepalive` is in seconds, the topic and payload of a will are retained, with QoS 1."""
    flags = (clean_session << 1) | ((user is not None) << 7) | ((password is not None) << 6)
    if will is not None:
        flags |= _WILL
    body = text("MQTT") + bytes((4, flags)) + keepalive.to_bytes(2, "big") + text(client_id)
    for part in (*(will or ()), user, password):
        if part is not None:
            body += text(part)
    return b"\x10" + encode_length(len(body)) + body


def subscribe(packet_id: int, filters: Iterable[tuple[str, int]]) -> bytes:
    """Encode a SUBSCRIBE to some `(filter, qos)` (§3.8)."""
    body = packet_id.to_bytes(2, "big") + b"".join(text(topic) + bytes((qos,)) for topic, qos in filters)
    return b"\x82" + encode_length(len(body)) + body


def unsubscribe(packet_id: int, filters: Iterable[str]) -> bytes:
    """Encode an UNSUBSCRIBE (§3.10)."""
    body = packet_id.to_bytes(2, "big") + b"".join(text(topic) for topic in filters)
    return b"\xa2" + encode_length(len(body)) + body


def publish(topic: bytes, payload: bytes, *, qos: int, retain: bool, packet_id: int = 0) -> bytes:
    """Encode a PUBLISH to an encoded topic (§3.3)."""
    identifier = packet_id.to_bytes(2, "big") if qos else b""
    return publish_head(topic, len(payload), qos=qos, retain=retain) + identifier + payload


def publish_head(topic: bytes, payload_length: int, *, qos: int, retain: bool) -> bytes:
    """Encode what stands before the packet id (with QoS 0: before the payload) of a PUBLISH to an encoded topic."""
    size = len(topic) + payload_length + (2 if qos else 0)
    return bytes((PUBLISH | qos << 1 | retain,)) + encode_length(size) + topic


def puback(packet_id: int) -> bytes:
    """Encode a PUBACK (§3.4)."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def text(value: str) -> bytes:
    """Encode a text with its length before it (§1.5.3)."""
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def length(data: bytes, at: int) -> tuple[int, int] | None:
    """Decode the length of the packet that begins at `at`: the length and where its content begins (§2.2.3).

    None where bytes are missing; raises MalformedPacket where it has more than four.
    """
    value = 0
    for i in range(4):
        where = at + 1 + i
        if where >= len(data):
            return None
        value |= (data[where] & 127) << (7 * i)
        if data[where] < 128:
            return value, where + 1
    raise MalformedPacket("a length of more than four bytes")


def topic_end(data: bytes, start: int, end: int) -> int:
    """Return where the topic ends in the PUBLISH whose content is `data[start:end]`."""
    stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
    if stop > end or end - start < 2:
        raise MalformedPacket("a topic longer than its packet")
    return stop


def read_publish(data: bytes, first: int, start: int, end: int) -> Packet:
    """Decode the PUBLISH with the first byte `first` and the content `data[start:end]`."""
    stop = topic_end(data, start, end)
    qos = first >> 1 & 3
    identifier = 0
    payload = stop
    if qos:
        if qos > 1:
            raise MalformedPacket(f"a packet with QoS {qos}, which was not asked for")
        payload += 2
        if payload > end or (identifier := int.from_bytes(data[stop:payload], "big")) == 0:
            raise MalformedPacket("a packet with QoS 1 without packet id")
    try:
        topic = data[start + 2 : stop].decode()
    except UnicodeDecodeError:
        raise MalformedPacket(f"a topic that is not UTF-8: {data[start + 2 : stop]!r}") from None
    return Packet(topic, data[payload:end], qos, bool(first & 1), bool(first & 8), identifier)


def packet_id(data: bytes, start: int, end: int) -> int:
    """Decode the packet id that begins the content of an acknowledgement."""
    if end - start < 2:
        raise MalformedPacket("an acknowledgement without packet id")
    return int.from_bytes(data[start : start + 2], "big")


def encode_length(value: int) -> bytes:
    """Encode the length of a packet (§2.2.3); raises ValueError where it is too long."""
    if value > MAX_LENGTH:
        raise ValueError(f"a packet of {value} bytes; MQTT allows {MAX_LENGTH}")
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
