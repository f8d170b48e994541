"""Long work in slices, so that other tasks of the event loop run in between."""

from __future__ import annotations

import asyncio
import time

__all__ = ["TimeSlices"]

SLICE_S = 0.005
PAUSE_S = 0.001
"""To answer a request takes several rounds of the event loop; a pause of no length at all would be for one of them."""


class TimeSlices:
    """Create it where the work begins, and `await pause()` between its steps."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def pause(self) -> None:
        """Let other tasks run if the slice is used up."""
        if time.perf_counter() - self._since > SLICE_S:
            await asyncio.sleep(PAUSE_S)
            self._since = time.perf_counter()
