"""Packets that a broker sends again: which have come before, and which may be new."""

from __future__ import annotations

from msgflo.paho_repeats import Repeats


def test_a_packet_that_is_sent_again_has_come_before_if_id_topic_and_payload_are_those_of_an_earlier_one() -> None:
    repeats = Repeats()
    assert not repeats.is_repeat(7, "s", b"1", True)  # it has not come when it was sent first
    assert repeats.is_repeat(7, "s", b"1", True)
    for packet_id, topic, payload in ((8, "s", b"1"), (7, "t", b"1"), (7, "s", b"2")):
        assert not repeats.is_repeat(packet_id, topic, payload, True)
    repeats.forget()
    assert not repeats.is_repeat(7, "s", b"2", True)


def test_an_id_that_is_used_anew_after_so_many_packets_is_a_new_packet() -> None:
    repeats = Repeats()
    for _ in range(3):
        for packet_id in range(1, 65536):
            assert not repeats.is_repeat(packet_id, "s", b"1", False)
    assert repeats.is_repeat(65535, "s", b"1", True)
    assert not repeats.is_repeat(1, "s", b"1", True)


def test_of_a_broker_that_uses_ids_anew_at_once_every_packet_is_taken_for_new() -> None:
    repeats = Repeats()
    for _ in range(2):
        assert not repeats.is_repeat(1, "s", b"1", False)
    assert not repeats.is_repeat(1, "s", b"1", True)
