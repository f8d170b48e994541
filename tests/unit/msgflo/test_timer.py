"""When timers of participants call, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from event_loop import run_simulated
from msgflo import runner
from msgflo.runner import Timer


def calls(monkeypatch: pytest.MonkeyPatch, period: float, takes: list[float]) -> list[int]:
    """At which milliseconds a timer with this period calls, when its calls take so many seconds."""
    at: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(runner, "ticks_ms", lambda: round(loop.time() * 1000))

        async def work() -> None:
            at.append(round(loop.time() * 1000))
            await asyncio.sleep(takes[len(at) - 1])
            if len(at) == len(takes):
                timer.cancel()

        async def call(function: Callable[[], Awaitable[Any]]) -> None:
            await function()

        timer = Timer(period, work)
        await timer.run(call)

    run_simulated(main)
    return at


def test_calls_do_not_drift_with_the_time_that_each_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calls(monkeypatch, 0.2, [0.01, 0.15, 0, 0.19, 0.05]) == [200, 400, 600, 800, 1000]


def test_calls_that_were_missed_are_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calls(monkeypatch, 0.1, [0.25, 0.25, 0, 0]) == [100, 350, 600, 700]


def test_no_call_follows_a_cancelled_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calls(monkeypatch, 0.1, [0.35]) == [100]
