"""Access to a running coordinator from its own machine and from others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner, Result

from brokers import Broker
from editors import editor
from local_server import LocalServer
from msgflo_host.cli.main import cli
from msgflo_host.errors import MsgfloError
from msgflo_host.fbp.permissions import ALL, DEFAULT_LOCAL
from systems import Coordinator, until

SECRET = "the-owner-of-the-house"
AFAR = {"X-Forwarded-For": "203.0.113.7"}  # what makes a client one of another machine


@asynccontextmanager
async def forwarder(port: int) -> AsyncIterator[int]:
    """A port from which every byte is passed on, and back, as `ssh -R` or a plain `proxy_pass` does."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, outward = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, outward), copy(onward, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def allowed(port: int, secret: str | None = None) -> frozenset[str]:
    async with editor(port, secret=secret) as client:
        return frozenset((await client.ask("runtime", "getruntime"))["capabilities"])


async def status_of(port: int, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}", headers=named) as got:
        return got.status


@pytest.mark.parametrize("behind_proxy", [False, True])
async def test_behind_a_proxy_that_adds_no_header_everybody_comes_from_elsewhere(
    tmp_path: Path, behind_proxy: bool
) -> None:
    nothing: frozenset[str] = frozenset()
    with LocalServer(tmp_path, secret=SECRET, behind_proxy=behind_proxy) as server:
        async with forwarder(server.port) as forwarded:
            for port in (server.port, forwarded):
                assert await allowed(port) == (nothing if behind_proxy else DEFAULT_LOCAL)
                assert await allowed(port, SECRET) == ALL
                assert await status_of(port, "/page.json") == (403 if behind_proxy else 200)
                assert await status_of(port, "/page.json", Authorization=f"Bearer {SECRET}") == 200


async def test_from_elsewhere_the_state_of_the_system_takes_a_secret_that_allows_to_look(tmp_path: Path) -> None:
    entries = {"looks": "viewer", "controls": "[protocol:network]", "edits": "[protocol:graph]"}
    lines = (f"{name}:\n  secret: secret-of-{name}\n  may: {may}\n" for name, may in entries.items())
    (tmp_path / "secrets.yaml").write_text("".join(lines))
    with LocalServer(tmp_path / "data", secret=SECRET, secrets=tmp_path / "secrets.yaml") as server:
        for secret, status in [
            (SECRET, 200), ("secret-of-looks", 200), ("secret-of-controls", 200),
            ("secret-of-edits", 403), ("secret-of-nobody", 403),
        ]:  # fmt: skip
            shown = {"Authorization": f"Bearer {secret}"}
            for path in ("/status.json", "/output.json"):
                assert await status_of(server.port, path, **AFAR, **shown) == status, (path, secret)
        for path in ("/status.json", "/output.json"):
            assert await status_of(server.port, path, **AFAR) == 403
            assert await status_of(server.port, path, Origin="https://evil.example") == 403
            assert await status_of(server.port, path) == 200
        for path in ("/", "/app.js"):
            assert await status_of(server.port, path, **AFAR) == 200


def test_commands_show_their_secret_to_a_coordinator_that_asks_for_one(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graph.fbp").write_text("repeat(core/Repeat) OUT -> IN drop(core/Drop)\n")

    def command(*words: str) -> Result:
        return CliRunner().invoke(cli, [*words, "--coordinator", f"http://127.0.0.1:{coordinator.port}"])

    with Coordinator(
        "--plain", "graph.fbp", "--behind-proxy", "--secret", SECRET, broker=broker.url, cwd=tmp_path
    ) as coordinator:
        until(lambda: "page: " in coordinator.output, seconds=40)
        refused = command("list")
        assert isinstance(refused.exception, MsgfloError)
        assert "needs a secret that allows network:status or protocol:network; give --secret" in str(refused.exception)
        wrong = command("list", "--secret", "secret-of-nobody")
        assert "; that of --secret or MSGFLO_SECRET does not" in str(wrong.exception)
        assert "secret-of-nobody" not in str(wrong.exception)
        bad = command("list", "--secret", "of\nmore than a line")
        assert "has other characters than" in str(bad.exception)
        assert "repeat (core/Repeat): " in command("list", "--secret", SECRET).output
        monkeypatch.setenv("MSGFLO_SECRET", SECRET)
        assert "repeat (core/Repeat): " in command("list").output
        sent = command("send", "repeat.in", "7")
        assert (sent.exit_code, sent.output) == (0, "")
