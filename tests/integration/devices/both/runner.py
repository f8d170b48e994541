"""Runs one test function: `runner.py FILE FUNCTION [PORT]`; the same on CPython and MicroPython.

With a port, the function gets the host (`tests/integration/firmware/both/host.py`). On CPython it adds the few functions that
drivers use and only MicroPython has.
"""

import asyncio
import gc
import sys
import time


class Flag(asyncio.Event):
    """Stands for MicroPython's ThreadSafeFlag."""

    async def wait(self):
        await super().wait()
        self.clear()


if hasattr(gc, "threshold"):
    gc.threshold(4096)  # otherwise what compiling leaves behind lies between what stays
else:
    asyncio.ThreadSafeFlag = Flag
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    time.sleep_us = lambda us: time.sleep(us / 1000000)
    time.ticks_ms = lambda: time.monotonic_ns() // 1000000
    time.ticks_us = lambda: time.monotonic_ns() // 1000
    time.ticks_diff = lambda later, earlier: later - earlier
    time.ticks_add = lambda ticks, delta: ticks + delta

failures = []


def failed(loop, context):
    failures.append(context)
    print(context["message"], repr(context.get("exception")))


async def main(path, function, port=None):
    asyncio.get_event_loop().set_exception_handler(failed)
    arguments = ()
    if port:
        from host import Host  # the library first: compiling it takes more memory than keeping it

        arguments = (Host(int(port)),)
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder)
    result = getattr(__import__(name[:-3]), function)(*arguments)
    if hasattr(result, "send"):
        await result
    if failures:
        raise AssertionError("{} tasks failed".format(len(failures)))


asyncio.run(main(*sys.argv[1:]))
