"""The command `msgflo` in this process, for unit tests: on a broker in memory, beside a coordinator that is played."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
import urllib.error
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo_host.cli.main import main

COORDINATOR = "http://coordinator:3569"
Answer = dict[str, Any] | bytes | Exception | None
Beside = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Done:
    """How a command has ended, and what it has printed."""

    returncode: int
    stdout: str
    stderr: str


def msgflo(
    *arguments: str | Path,
    broker: MemoryBroker | None = None,
    coordinator: Answer = None,
    text: str = "",
    beside: Beside | None = None,
    **environment: str,
) -> Done:
    """Run a command to its end, with nothing of ours in the environment but what is given.

    `coordinator` is what one answers at any address (its status, or something else); None: nothing answers. `beside` is done
    while the command waits for its broker.
    """

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        result = None

        async def with_broker() -> None:
            nonlocal result
            if broker is not None:
                broker.start()
            helper = asyncio.create_task(beside()) if beside is not None else None
            result = await work
            if helper is not None:
                await helper

        run_simulated(with_broker)
        return result

    def answer(*_: object, **__: object) -> io.BytesIO:
        if coordinator is None:
            raise urllib.error.URLError(ConnectionRefusedError(111, "Connection refused"))
        if isinstance(coordinator, Exception):
            raise coordinator
        return io.BytesIO(coordinator if isinstance(coordinator, bytes) else json.dumps(coordinator).encode())

    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    asyncio_log = logging.getLogger("asyncio")
    level, code = asyncio_log.level, 0
    stdout, stderr = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    with (
        patch("sys.argv", ["msgflo", *map(str, arguments)]),
        patch("sys.stdin", io.StringIO(text)),
        patch.dict(os.environ, inherited | environment, clear=True),
        patch("asyncio.run", run),
        patch("urllib.request.urlopen", answer),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            asyncio_log.setLevel(level)
    stdout.flush()
    return Done(code, stdout.buffer.getvalue().decode(), stderr.getvalue())  # type: ignore[attr-defined]


def imported_from(folder: Path) -> None:
    """Forget what a command has imported from a folder."""
    sys.path[:] = [place for place in sys.path if place != str(folder)]
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
