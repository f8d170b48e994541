"""The event loop of the coordinator, for tests."""

from __future__ import annotations

import asyncio
import errno
import selectors
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import patch

import uvloop


def run_within(seconds: float, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in such a loop; a guard against hanging, for as long as a slow machine may need."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    while not condition():
        await asyncio.sleep(0.01)


_MONOTONIC_S = 1000.0  # at the beginning of a test, since programs take 0 for never


class _Selector(selectors.DefaultSelector):
    """Lets no real time pass: a wait for a timer moves the loop's clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise AssertionError("the test waits for something that no timer brings")
            self.now += max(timeout, 0)
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop of asyncio whose clock jumps to the next timer: an hour of `asyncio.sleep` takes no time.

    What is to be done in a thread is done at once. `servers` has what accepts connections on its ports: a function that
    makes a transport for a protocol.
    """

    def __init__(self) -> None:
        self.servers: dict[int, Callable[[asyncio.Protocol], asyncio.Transport]] = {}
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now

    def run_in_executor(self, executor: Any, function: Any, *arguments: Any) -> Any:
        done = self.create_future()
        try:
            done.set_result(function(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done

    async def create_connection(self, make: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if port not in self.servers:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        protocol = make()
        transport = self.servers[port](protocol)
        self.call_soon(protocol.connection_made, transport)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return transport, protocol


def run_simulated(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a unit test in a SimulatedLoop, whose clock is `time.monotonic`. AssertionError where it waits for a socket."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        loop = runner.get_loop()
        with patch("time.monotonic", lambda: _MONOTONIC_S + loop.time()):
            runner.run(main())
