"""Runs one test function: `runner.py FILE FUNCTION PORT`; the same on CPython and MicroPython.

With `runner.py FILE` it runs one after another: each line of its input is a function's name and the port of its host. After
each it prints DONE and whether it passed.
"""

import asyncio
import gc
import sys

if hasattr(gc, "threshold"):
    gc.threshold(4096)  # otherwise what compiling leaves behind lies between what stays

# The library first: what it takes to compile it is more than what it takes afterwards.
from host import Host

DONE = "\x01"
failures = []


def failed(loop, context):
    failures.append(context)
    print(context["message"], repr(context.get("exception")))


async def main(path, function, port):
    asyncio.get_event_loop().set_exception_handler(failed)
    folder, _, name = path.rpartition("/")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    await getattr(__import__(name[:-3]), function)(Host(int(port)))
    if failures:
        raise AssertionError("{} tasks failed".format(len(failures)))


def run_all(path):
    """Run the functions that the input names."""
    import traceback

    for line in sys.stdin:
        verdict = "passed"
        try:
            asyncio.run(main(path, *line.split()))
        except BaseException as error:
            verdict = "failed"
            traceback.print_exception(error)
        print(DONE + verdict)
        failures.clear()


if len(sys.argv) > 2:
    asyncio.run(main(*sys.argv[1:]))
else:
    run_all(sys.argv[1])
