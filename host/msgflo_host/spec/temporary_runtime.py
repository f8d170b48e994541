"""A coordinator with a broker of its own, for as long as tests run."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from ..errors import ClientError
from ..processes import children

__all__ = ["runtime"]

START_S = 30.0
_POLL_S = 0.05
_GRACE_S = 5.0
_LAST_LINES = 20  # lines of its output that an error shows


@asynccontextmanager
async def runtime(
    *, graph: Path | None = None, componentdir: Path | None = None, timeout: float = START_S
) -> AsyncIterator[str]:
    """Start `msgflo run` on free ports, with its files in a temporary folder, and yield its address; end it after.

    Without a graph it runs an empty one. Raises ClientError when it has not started within `timeout` seconds, with
    what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="msgflo-test-") as folder:
        port, mqtt_port = _free_ports(2)
        options: list[str | Path] = ["--plain", "--no-save", "--port", str(port), "--mqtt-port", str(mqtt_port)]
        options += ["--data", Path(folder, "data")]
        if graph is not None:
            options.append(graph.absolute())
        if componentdir is not None:
            options += ["--componentdir", componentdir.absolute()]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MSGFLO_")}
        process = await children.spawn(
            [sys.executable, "-m", "msgflo_host", "run", *options],
            cwd=Path(folder),
            env=environment,
            stdout=PIPE,
            stderr=STDOUT,
        )
        lines: list[str] = []
        reader = asyncio.create_task(_read_output(process, lines))
        try:
            await _wait_until_it_answers(process, port, timeout, lines, reader)
            yield f"ws://127.0.0.1:{port}/"
        finally:
            await children.end(process, _GRACE_S)
            await reader


async def _wait_until_it_answers(
    process: Process, port: int, timeout: float, lines: Sequence[str], reader: asyncio.Task[None]
) -> None:
    try:
        async with asyncio.timeout(timeout), aiohttp.ClientSession() as session:
            while process.returncode is None:
                with suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"http://127.0.0.1:{port}/status.json"):
                        return
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        how = f"has not started within {timeout:g} s"
    else:
        how = f"has ended with status {process.returncode}"
        await asyncio.wait([reader], timeout=_GRACE_S)  # its last lines tell why
    printed = "\n".join(lines) or "(it printed nothing)"
    raise ClientError(f"the temporary coordinator {how}:\n{printed}")


async def _read_output(process: Process, lines: list[str]) -> None:
    """Read all that it prints, so that it never waits for us, and store the last lines."""
    assert process.stdout is not None
    while chunk := await process.stdout.read(65536):
        lines[:] = [*lines, *chunk.decode(errors="replace").splitlines()][-_LAST_LINES:]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
