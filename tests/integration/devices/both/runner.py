"""Runs test functions of one file, one after another: `runner.py FILE`; the same on CPython and MicroPython.

Each line of its input is a function's name and the port of its host (tests/integration/firmware/both/host.py), 0 for none.
After each it prints DONE and whether it passed. Each function imports tests and firmware/devices anew.
On CPython it adds the few functions that drivers use and only MicroPython has.
"""

import asyncio
import gc
import sys
import time

DONE = "\x01"
MICRO = hasattr(gc, "threshold")


class Flag(asyncio.Event):
    """Stands for MicroPython's ThreadSafeFlag."""

    async def wait(self):
        await super().wait()
        self.clear()


if MICRO:
    gc.threshold(4096)  # otherwise what compiling leaves behind lies between what stays
    print_exception = sys.print_exception
else:
    import traceback

    print_exception = traceback.print_exception
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


async def main(module, function, port):
    asyncio.get_event_loop().set_exception_handler(failed)
    arguments = ()
    if port:
        from host import Host

        arguments = (Host(port),)
    result = getattr(__import__(module), function)(*arguments)
    if hasattr(result, "send"):
        await result
    if failures:
        raise AssertionError("{} tasks failed".format(len(failures)))


def forget():
    """Drop the modules of tests and of firmware/devices, whose state tests change."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name != "__main__" and ("/tests/" in file or "/firmware/devices" in file or "/firmware/board" in file):
            del sys.modules[name]
    gc.collect()


folder, _, name = sys.argv[1].rpartition("/")
sys.path.insert(0, folder)
while True:
    line = sys.stdin.readline().split()
    if not line:
        break
    passed = True
    try:
        asyncio.run(main(name[:-3], line[0], int(line[1])))
    except BaseException as error:
        passed = False
        print_exception(error)
    print(DONE + ("passed" if passed else "failed"))
    del failures[:]
    if MICRO:
        asyncio.new_event_loop()  # without the tasks that are left
    forget()
