"""The account in a browser's CONNECT."""

from __future__ import annotations

import pytest

from msgflo import Broker
from msgflo_host.http.mqtt_websocket import with_account
from msgflo_host.wire import frames
from msgflo_host.wire.frames import MalformedPacket

OPEN = Broker.parse("mqtt://pi")
CLOSED = Broker.parse("mqtt://msgflo:s%3Aecret@pi")
USER_ONLY = Broker.parse("mqtt://msgflo@pi")


def connect(**account: str) -> bytes:
    return frames.connect("page", keepalive=60, clean_session=True, will=("fbp/connection/page", "lost"), **account)


def test_one_that_names_an_account_is_passed_on_as_it_is() -> None:
    for broker in (OPEN, CLOSED, None):
        assert with_account(connect(user="lamp", password="light"), broker) == connect(user="lamp", password="light")


def test_one_of_ours_gets_the_account_of_the_coordinator_where_there_is_one() -> None:
    assert with_account(connect(), OPEN) == connect()
    assert with_account(connect(), CLOSED) == connect(user="msgflo", password="s:ecret")
    assert with_account(connect(), USER_ONLY) == connect(user="msgflo")


def test_one_of_others_has_to_name_one() -> None:
    assert with_account(connect(), None) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x10",
        b"\x10\x00",
        b"\x10\x02\xff\xff",
        b"\x10\x04\x00\x02MQ",
        b"\x30\x03\x00\x01a",
        b"\x10\xff\xff\xff\xff\xff",
    ],
)
def test_what_is_no_connect_is_refused(packet: bytes) -> None:
    with pytest.raises(MalformedPacket):
        with_account(packet, CLOSED)
