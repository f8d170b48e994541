"""The answers of a running server to a browser: files, headers, and page.json."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from local_server import LocalServer
from msgflo_host.http.server import WEB

SECRET = "the-owner-of-the-house"
VIEWER = "who-may-only-look"
AFAR = {"X-Forwarded-For": "203.0.113.7"}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server for all tests, which change nothing in it."""
    folder = tmp_path_factory.mktemp("house")
    secrets = folder / "secrets.yaml"
    secrets.write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    with LocalServer(folder / "data", secret=SECRET, secrets=secrets) as server:
        yield server


async def get(server: LocalServer, path: str, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", headers=named) as answer,
    ):
        return answer.status, await answer.text()


def told(server: LocalServer, **headers: str) -> Any:
    """Return the content of `/page.json`, or the status of its refusal."""

    async def ask() -> Any:
        async with asyncio.timeout(20):
            status, text = await get(server, "/page.json", **headers)
        return json.loads(text) if status == 200 else status

    return asyncio.run(ask())


# --- What the page is told ---


REFUSED = [
    AFAR,
    bearer("a-secret-of-nobody"),
    bearer(VIEWER),
    {"Authorization": f"Basic {SECRET}"},
    {"Authorization": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://other.example", **bearer(SECRET)},
    {"Host": "evil.example"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", REFUSED, ids=str)
def test_others_are_refused(house: LocalServer, headers: dict[str, str]) -> None:
    assert told(house, **headers) == 403
    assert told(house, **{"Origin": f"http://127.0.0.1:{house.port}", "Sec-Fetch-Site": "same-origin"}) != 403


def test_a_page_of_others_is_named_once_in_the_log(house: LocalServer) -> None:
    for _ in range(3):
        assert told(house, Origin="https://third.example") == 403
    text = 'a page of "https://third.example" may not ask for /page.json'
    assert house.output.count(text) == 1


# --- Files ---


async def _raw(server: LocalServer, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    """An answer as it is on the wire."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", headers=named) as answer,
    ):
        return answer, await answer.read()


TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


async def test_every_file_comes_compressed_with_its_type_and_is_not_sent_again_while_it_is_the_same(
    house: LocalServer,
) -> None:
    files = [path for path in WEB.rglob("*") if path.suffix in TYPES]
    assert {path.suffix for path in files} >= {".html", ".js", ".css"}
    for file in files:
        path = f"/{file.relative_to(WEB)}"
        answer, body = await _raw(house, path, Accept_Encoding="br, gzip")
        content = file.read_bytes()
        assert answer.headers["Content-Type"] == f"{TYPES[file.suffix]}{'; charset=utf-8' * (file.suffix != '.svg')}"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"] == "no-cache"
        if len(content) >= 512:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert len(body) < len(content)
            body = gzip.decompress(body)
        assert body == content
        answer, body = await _raw(house, path)
        assert "Content-Encoding" not in answer.headers
        assert body == content
        answer, body = await _raw(house, path, If_None_Match=answer.headers["ETag"])
        assert (answer.status, body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["../errors.py", "..%2ferrors.py", "%2e%2e/errors.py", "core/../../errors.py", "%00.js", ".hidden.js", "css", "absent.js",
     "//etc/passwd", "%2fetc%2fpasswd"],
)  # fmt: skip
def test_nothing_but_the_files_of_the_page_is_served(house: LocalServer, path: str) -> None:
    with socket.create_connection(("127.0.0.1", house.port), 10) as link:
        link.sendall(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = link.makefile("rb").read()
    assert answer.split(b" ", 2)[1] in (b"400", b"404")
    assert b"root:" not in answer


# --- The policy ---


def connections(answer: aiohttp.ClientResponse) -> list[str]:
    parts = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == "'self'"
    assert parts["style-src"] == "'self'"
    assert parts["img-src"] == "'self' data:"
    for none in ("base-uri", "form-action", "frame-ancestors"):
        assert parts[none] == "'none'"
    return parts["connect-src"].split()


async def test_every_answer_has_a_policy_that_lets_the_page_reach_this_machine_alone(house: LocalServer) -> None:
    name = f"{socket.gethostname()}.local"
    for path in ("/", "/status.json", "/page.json", "/absent", "/css"):
        answer, _ = await _raw(house, path, Host=f"{name}:{house.port}")
        assert connections(answer) == ["'self'", f"ws://{name}:{house.port}", f"wss://{name}:{house.port}"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == ("no-cache" if path == "/" else "no-store")
    answer, _ = await _raw(house, "/", Host="evil.example")
    assert answer.status == 403
    assert connections(answer)
