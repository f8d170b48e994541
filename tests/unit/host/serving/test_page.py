"""The headers of the page, without a server."""

from __future__ import annotations

import pytest

from msgflo_host.serving.policy import _connections


@pytest.mark.parametrize(
    ("host", "connect"),
    [
        ("pi:3569", "'self' ws://pi:3569 wss://pi:3569"),
        ("192.168.1.9", "'self' ws://192.168.1.9 wss://192.168.1.9"),
        # No policy can name an IPv6 address: there it is the port.
        ("[fd00::9]:3569", "'self' ws://*:3569 wss://*:3569"),
        ("[::1]", "'self' ws://* wss://*"),
        ("[::1]; script-src *", "'self'"),
        ("a b", "'self'"),
        ("a; script-src *", "'self'"),
        ("*", "'self'"),
    ],
)
def test_a_host_name_adds_nothing_else_to_the_policy(host: str, connect: str) -> None:
    assert _connections(host) == connect
