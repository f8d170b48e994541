"""`machine` on a virtual board: the process that runs the board holds everything, and answers over one socket.

A board has 100 KB of memory and this module takes next to none, so it knows of no pin, bus or constant: each call goes to
the other side as a line of text, is done there by `msgflo_host.boards.virtual.machine_api`, and is answered by a line.
"""

import asyncio
import json
import os
from array import array

_sockets = json.loads(os.getenv("MSGFLO_VIRTUAL"))  # for calls, and for edges
_link = open(_sockets[0], "r+b")
_handlers = {}  # number of a pin -> the pin, and who is called on an edge


def call(number, name, *args, **kwargs):
    """Have the other side do `name` of its object `number`; raises what was raised there.

    At most one argument is a buffer: it is sent as it is, and filled with what is answered where that is meant.
    """
    plain = []
    buffer = b""
    for each in args:
        if isinstance(each, (bytes, bytearray, memoryview, array)):
            buffer = each
            each = ...
        plain.append(each)
    _link.write("%d %s %d %r,%r\n" % (number, name, len(buffer) * len(bytes(buffer[:1])), plain, kwargs))
    _link.write(buffer)
    answer = _link.readline()
    kind = answer[0]
    if kind == 33:  # !
        raise eval(answer[1:])
    if kind == 64:  # @
        return Remote(int(answer[1:]))
    if kind == 35:  # #
        return _link.read(int(answer[1:]))
    if kind == 62:  # >
        return _link.readinto(buffer, int(answer[1:]))
    return json.loads(answer)


class Remote:
    """An object of the other side: its constants are asked for there, its methods are called there."""

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return "R(%d)" % self.number

    def __call__(self, *args, **kwargs):
        return call(self.number, "()", *args, **kwargs)

    def __getattr__(self, name):
        if name < "a":
            return call(self.number, name)
        return lambda *args, **kwargs: call(self.number, name, *args, **kwargs)

    def irq(self, handler=None, trigger=-1, **_):
        """Call `handler(pin)` in the event loop on each edge."""
        if not _handlers:
            asyncio.create_task(_listen())
        _handlers[self.number] = self, handler
        call(self.number, "irq", handler and trigger)


async def _listen():
    edges = open(_sockets[1], "rb")
    while True:
        yield asyncio.core._io_queue.queue_read(edges)
        pin, handler = _handlers[edges.read(1)[0]]
        if handler:
            handler(pin)


def __getattr__(name):
    return call(0, name)
