"""The files of the page and their headers, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors import run
from msgflo_host.serving.policy import Policy


def test_a_file_that_has_changed_is_sent_at_the_next_visit(tmp_path: Path) -> None:
    from aiohttp.test_utils import make_mocked_request

    from msgflo_host.serving.files import Files

    file = tmp_path / "a.js"
    file.write_text("1;\n")

    async def main() -> None:
        files = Files(tmp_path)
        first = await files.serve(make_mocked_request("GET", "/a.js"), "a.js")
        file.write_text("22;\n")
        known = {"If-None-Match": first.headers["ETag"]}
        second = await files.serve(make_mocked_request("GET", "/a.js", headers=known), "a.js")
        assert (second.status, second.body) == (200, b"22;\n")

    run(main)


# --- The policy ---


@pytest.mark.parametrize(
    ("host", "connect"),
    [
        ("pi:3569", "'self' ws://pi:3569 wss://pi:3569 ws://pi:9001 wss://pi:9001"),
        ("192.168.1.9", "'self' ws://192.168.1.9 wss://192.168.1.9 ws://192.168.1.9:9001 wss://192.168.1.9:9001"),
        # No policy can name an IPv6 address: there it is the ports.
        ("[fd00::9]:3569", "'self' ws://*:3569 wss://*:3569 ws://*:9001 wss://*:9001"),
        ("[::1]", "'self' ws://* wss://* ws://*:9001 wss://*:9001"),
        ("[::1]; script-src *", "'self'"),
        ("a b", "'self'"),
        ("a; script-src *", "'self'"),
        ("*", "'self'"),
    ],
)
def test_a_host_name_adds_nothing_else_to_the_policy(host: str, connect: str) -> None:
    assert Policy(9001)._connections(host) == connect


def test_a_broker_on_an_address_of_its_own_is_reached_there() -> None:
    assert "ws://192.168.1.9:9001" in Policy(9001, "192.168.1.9")._connections("pi:3569")
    assert Policy(9001, "fd00::9")._connections("pi").endswith(" ws://*:9001 wss://*:9001")
