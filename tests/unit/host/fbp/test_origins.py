"""The pages that may connect."""

from __future__ import annotations

import pytest

from msgflo_host.errors import ServerError
from msgflo_host.fbp.origins import Origins, is_loopback

ORIGINS = Origins(["https://app.flowhub.io", "http://ide.lan:8080/", "app://editor"], ("pi.local", "other.local"))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "pi.local:3569"),  # no browser
        (None, None),
        ("http://pi.local:3569", "pi.local:3569"),
        ("http://PI.local:3569", "pi.LOCAL:3569"),
        ("http://pi.local", "pi.local"),
        ("http://pi.local:80", "pi.local"),
        ("https://pi.local", "pi.local"),  # behind something that speaks TLS
        ("http://localhost", "pi.local:3569"),
        ("http://localhost:8080", "pi.local:3569"),
        ("https://ide.localhost:8080", "pi.local:3569"),
        ("http://127.0.0.1:1", "pi.local:3569"),
        ("http://[::1]:5000", "pi.local:3569"),
        ("https://app.flowhub.io", "pi.local:3569"),
        ("https://app.flowhub.io:443", "pi.local:3569"),
        ("http://ide.lan:8080", "pi.local:3569"),
        ("app://editor", "pi.local:3569"),
    ],
)
def test_allowed(origin: str | None, host: str | None) -> None:
    assert ORIGINS.allows(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "pi.local:3569"),
        ("null", "pi.local:3569"),
        ("https://evil.example", "pi.local:3569"),
        ("http://evil.example:3569", "evil.example:3569"),  # DNS rebinding
        ("http://other.local:3569", "pi.local:3569"),
        ("http://pi.local:8080", "pi.local:3569"),  # another program of the same machine
        ("http://pi.local", None),
        ("http://app.flowhub.io", "pi.local:3569"),
        ("https://app.flowhub.io:8443", "pi.local:3569"),
        ("https://app.flowhub.io.evil.example", "pi.local:3569"),
        ("https://evil.example/https://app.flowhub.io", "pi.local:3569"),
        ("http://localhost.evil.example", "pi.local:3569"),
        ("http://localhost@evil.example", "pi.local:3569"),
        ("http://evil.example#@localhost", "pi.local:3569"),
        ("http://127.0.0.1.evil.example", "pi.local:3569"),
        ("http://notlocalhost", "pi.local:3569"),
        ("file://localhost", "pi.local:3569"),
        ("http://localhost\\@evil.example", "pi.local:3569"),
        ("http://localhost http://evil.example", "pi.local:3569"),
        ("http://[::1].evil.example", "pi.local:3569"),
        ("http://localhost:99999999", "pi.local:3569"),
        ("http://localhost\n", "pi.local:3569"),
    ],
)
def test_refused(origin: str, host: str | None) -> None:
    assert not ORIGINS.allows(origin, host)


@pytest.mark.parametrize("wrong", ["", "*", "app.flowhub.io", "https://", "https://a b", "https://x/path", "null"])
def test_what_is_no_origin_cannot_be_configured(wrong: str) -> None:
    with pytest.raises(ServerError, match="is not the origin of a page, as in"):
        Origins([wrong], ())


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True),
        ("192.168.1.2", False), ("::ffff:192.168.1.2", False), ("::", False), ("0.0.0.0", False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_addresses_of_this_machine(address: str | None, own: bool) -> None:
    assert is_loopback(address) is own
