"""The files of the page and their headers, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.http.security_headers import _connections


async def test_a_file_that_has_changed_is_sent_at_the_next_visit(tmp_path: Path) -> None:
    from aiohttp.test_utils import make_mocked_request

    from msgflo_host.http.page_files import Files

    file = tmp_path / "a.js"
    file.write_text("1;\n")
    files = Files(tmp_path)
    first = await files.serve(make_mocked_request("GET", "/a.js"), "a.js")
    file.write_text("22;\n")
    known = {"If-None-Match": first.headers["ETag"]}
    second = await files.serve(make_mocked_request("GET", "/a.js", headers=known), "a.js")
    assert (second.status, second.body) == (200, b"22;\n")


# --- The policy ---


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
