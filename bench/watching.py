"""What it costs that editors look at packets: CPU time of control plane and data plane, with and without them."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from .broker import Mosquitto
from .editor import open_editor
from .routers import OURS, Coordinator, Wiring, announce
from .routing import Figures
from .wire import connect, publish_frame, sending

__all__ = ("measure",)

_EDITORS, _RATE = 3, 200  # packets a second
_TIMES, _SECONDS = 3, 5  # each way, and how long
_WIRING = Wiring((("source/out", "target/in"),))


def measure() -> Figures:
    """CPU time of the control plane in % of one core while three editors look at an edge of 200 packets a second; and
    that of the data plane, over that while nobody looks.
    """
    with Mosquitto() as broker, Coordinator(OURS, broker, _WIRING.graph()) as coordinator:
        coordinator.wait_until_it_listens()
        announce(broker.port, _WIRING.participants())
        coordinator.wait_until_served()
        coordinator.wait_until_unwatched()
        frame = publish_frame("source/out", b'{"value": 21.5}')
        with connect(broker.port, "bench-source") as client, sending(client, lambda number: frame, _RATE):
            rounds = [(_percent(coordinator), asyncio.run(_watched(coordinator))) for _ in range(_TIMES)]
    control, data, alone = (
        statistics.median(values) for values in zip(*((*watched, alone) for (_, alone), watched in rounds), strict=True)
    )
    return {"watched": control, "forwarding": data / alone}


async def _watched(coordinator: Coordinator) -> tuple[float, float]:
    async with AsyncExitStack() as stack:
        for _ in range(_EDITORS):
            editor = await stack.enter_async_context(open_editor(coordinator.port))
            edge = {"src": {"node": "source", "port": "o0"}, "tgt": {"node": "target", "port": "i0"}}
            await editor.ask("network", "edges", {"graph": "default/main", "edges": [edge]})
        return await asyncio.to_thread(_percent, coordinator)


def _percent(coordinator: Coordinator) -> tuple[float, float]:
    """CPU time of control plane and data plane, in % of one core."""
    processes = [coordinator.child("msgflo-control"), coordinator.child("msgflo-data")]
    before, started = [_cpu_seconds(each) for each in processes], time.monotonic()
    time.sleep(_SECONDS)
    passed = time.monotonic() - started
    control, data = (100 * (_cpu_seconds(each) - old) / passed for each, old in zip(processes, before, strict=True))
    return control, data


def _cpu_seconds(process: psutil.Process) -> float:
    """CPU time in ns, which Linux counts by thread; psutil has it in 10 ms only."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9
