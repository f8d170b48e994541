"""Runs one test function: `runner.py FILE FUNCTION PORT`; the same on CPython and MicroPython."""

import asyncio
import gc
import sys

if hasattr(gc, "threshold"):
    gc.threshold(4096)  # otherwise what compiling leaves behind lies between what stays

# The library first: what it takes to compile it is more than what it takes afterwards.
from host import Host

failures = []


def failed(loop, context):
    failures.append(context)
    print(context["message"], repr(context.get("exception")))


async def main(path, function, port):
    asyncio.get_event_loop().set_exception_handler(failed)
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder)
    await getattr(__import__(name[:-3]), function)(Host(int(port)))
    if failures:
        raise AssertionError("{} tasks failed".format(len(failures)))


asyncio.run(main(*sys.argv[1:]))
