"""Work in slices: others have their turn in between, and a plan that is made so is the same plan."""

from __future__ import annotations

import asyncio
import json

import pytest

from bench.editor import graph
from fbp_service import served
from msgflo_host.graph import json_format
from msgflo_host.model.plan import Planner
from msgflo_host.util import time_slices
from msgflo_host.util.time_slices import TimeSlices

LARGE = json_format.load(json.dumps(graph(1_000)))


@pytest.mark.parametrize(("slice_s", "turns_of_others"), [(0.0, 5), (1e9, 0)])
async def test_others_have_their_turn_once_a_slice_is_over(
    slice_s: float, turns_of_others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_slices, "SLICE_S", slice_s)
    had = 0
    slices = TimeSlices()
    for _ in range(5):
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await slices.pause()
        had += turn.is_set()
    assert had == turns_of_others


async def test_others_have_many_turns_while_a_large_graph_is_reconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slices, "SLICE_S", 0.0)
    monkeypatch.setattr(time_slices, "PAUSE_S", 0.0)  # one turn each time
    coordinator, _ = served(LARGE)
    given = 0

    async def others() -> None:
        nonlocal given
        while True:
            await asyncio.sleep(0)
            given += 1

    task = asyncio.create_task(others())
    await coordinator._reconcile()
    task.cancel()
    assert len(coordinator.plan.edges) == len(LARGE.edges)
    assert given > len(list(Planner().steps(LARGE, {}, lambda edge: True)))
