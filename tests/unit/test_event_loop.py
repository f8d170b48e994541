"""The simulated clock that unit tests of asyncio code run on."""

from __future__ import annotations

import asyncio

import pytest

from event_loop import run_simulated


def test_an_hour_passes_at_once_and_timers_keep_their_order() -> None:
    heard: list[tuple[str, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(3600, lambda: heard.append(("hour", loop.time())))
        loop.call_later(60, lambda: heard.append(("minute", loop.time())))
        await asyncio.sleep(3601)
        heard.append(("end", loop.time()))

    run_simulated(main)
    assert heard == [("minute", 60), ("hour", 3600), ("end", 3601)]


def test_a_wait_that_no_timer_ends_fails() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(AssertionError, match="no timer brings"):
        run_simulated(main)
