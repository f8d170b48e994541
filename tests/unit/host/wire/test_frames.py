"""MQTT packets as bytes, against the examples and rules of the standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgflo_host.wire import frames
from msgflo_host.wire.frames import MalformedPacket, Packet


def content(data: bytes) -> tuple[int, int, int]:
    """First byte, start and end of the content of the one packet that `data` is."""
    decoded = frames.length(data, 0)
    assert decoded is not None
    length, start = decoded
    assert start + length == len(data)
    return data[0], start, len(data)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_take_one_to_four_bytes(size: int) -> None:
    data = frames.publish(b"\0\1t", b"x" * (size - 3 if size > 3 else 0), qos=0, retain=False)
    assert content(data)[2] == len(data)


def test_a_length_of_five_bytes_is_malformed_and_an_incomplete_one_is_waited_for() -> None:
    with pytest.raises(MalformedPacket, match="four bytes"):
        frames.length(b"\x30\xff\xff\xff\xff\x01", 0)
    assert frames.length(b"\x30\xff\xff\xff", 0) is None
    assert frames.length(b"\x30", 0) is None


def test_connect_holds_what_the_standard_says() -> None:
    assert frames.connect("id", keepalive=30, clean_session=True) == b"\x10\x0e\0\x04MQTT\x04\x02\0\x1e\0\x02id"
    with_user = frames.connect("é", keepalive=1, clean_session=False, user="u", password="pw")
    assert with_user == b"\x10\x15\0\x04MQTT\x04\xc0\0\x01\0\x02\xc3\xa9\0\x01u\0\x02pw"
    assert frames.connect("", keepalive=0, clean_session=True, user="u")[9] == 0x82  # no password: no flag


def test_subscribe_and_unsubscribe_list_their_filters() -> None:
    assert frames.subscribe(10, [("a/b", 1), ("c/#", 0)]) == b"\x82\x0e\0\x0a\0\x03a/b\x01\0\x03c/#\0"
    assert frames.unsubscribe(258, ["a/b"]) == b"\xa2\x07\x01\x02\0\x03a/b"
    assert frames.puback(65535) == b"\x40\x02\xff\xff"


@given(st.text(min_size=1, max_size=20), st.binary(max_size=300), st.booleans(), st.integers(0, 65535))
def test_what_is_published_is_read_back(topic: str, payload: bytes, retain: bool, packet_id: int) -> None:
    qos = 1 if packet_id else 0
    data = frames.publish(frames.text(topic), payload, qos=qos, retain=retain, packet_id=packet_id)
    assert frames.read_publish(data, *content(data)) == Packet(topic, payload, qos, retain, False, packet_id)


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"\x30\x00", "longer than its packet"),
        (b"\x30\x01\x00", "longer than its packet"),
        (b"\x30\x03\x00\x02a", "longer than its packet"),
        (b"\x32\x03\x00\x01a", "without packet id"),
        (b"\x32\x04\x00\x01a\x00", "without packet id"),
        (b"\x32\x05\x00\x01a\x00\x00", "without packet id"),
        (b"\x34\x05\x00\x01a\x00\x01", "QoS 2"),
        (b"\x36\x05\x00\x01a\x00\x01", "QoS 3"),
        (b"\x30\x03\x00\x01\xff", "not UTF-8"),
    ],
)
def test_malformed_publish_packets_are_notified_apart(data: bytes, trouble: str) -> None:
    with pytest.raises(MalformedPacket, match=trouble):
        frames.read_publish(data, *content(data))


def test_an_acknowledgement_without_packet_id_is_malformed() -> None:
    assert frames.packet_id(b"\x40\x02\x01\x02", 2, 4) == 258
    with pytest.raises(MalformedPacket):
        frames.packet_id(b"\x40\x01\x01\x02", 2, 3)


def test_a_packet_that_mqtt_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="268435455"):
        frames.publish_head(b"\0\1t", 268_435_455, qos=0, retain=False)
