"""The simulated clock that unit tests of asyncio code run on."""

from __future__ import annotations

import asyncio
import time

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


def test_the_monotonic_clock_of_programs_jumps_with_it() -> None:
    async def main() -> None:
        before = time.monotonic()
        await asyncio.sleep(60)
        assert time.monotonic() - before == pytest.approx(60)

    before = time.monotonic()
    run_simulated(main)
    assert time.monotonic() - before < 60


def test_where_nothing_listens_a_connection_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", 1883)

    run_simulated(main)
