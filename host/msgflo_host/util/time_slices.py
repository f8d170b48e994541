"""Work that takes long, done in slices: whoever waits for the event loop has a turn in between."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Turns"]

SLICE_S = 0.005
PAUSE_S = 0.001
"""To answer a request takes several rounds of the event loop; a pause of no length at all would be for one of them."""


class Turns:
    """To be made where the work begins; `await give()` between its steps."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give(self) -> None:
        """Let others have their turn, if they have been waiting for long."""
        if time.perf_counter() - self._since > SLICE_S:
            await asyncio.sleep(PAUSE_S)
            self._since = time.perf_counter()
