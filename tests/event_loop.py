"""The event loop of the coordinator, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop


def run_within(seconds: float, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in such a loop; a guard against hanging, for as long as a slow machine may need."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())
