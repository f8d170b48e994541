"""A session whose participants may send from any thread, and that ends with a signal; CPython only."""

import asyncio
import signal
from _thread import get_ident
from collections import deque

from . import session

__all__ = ("Session", "run_until_signal")


class Session(session.Session):
    __doc__ = session.Session.__doc__

    def __init__(self, participants, broker="mqtt://localhost", **options):
        super().__init__(participants, broker, **options)
        self._loop = None  # while running
        self._thread = None  # that of the loop
        self._waiting = deque()  # what other threads have sent
        self._called = False  # whether the loop is about to take it

    async def run(self):
        """Connect, serve and reconnect until `stop()`; raises ConfigError where retrying cannot help."""
        self._thread = get_ident()
        self._loop = asyncio.get_running_loop()
        try:
            await super().run()
        finally:
            self._loop = None

    def post(self, out, payload):
        """Send a packet from a participant's outport, now or as soon as possible; from any thread."""
        loop = self._loop
        if loop is None or self._thread == get_ident():
            super().post(out, payload)
            return
        self._waiting.append((out, payload))
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._post_waiting)

    def _post_waiting(self):
        self._called = False  # first: what is added from now on either is seen below or calls again
        while self._waiting:
            super().post(*self._waiting.popleft())


async def run_until_signal(session):
    """Run a session until the program gets SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopping = []  # the event loop itself does not keep a task alive

    def stop():
        stopping.append(loop.create_task(session.stop()))

    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop)
    await session.run()
