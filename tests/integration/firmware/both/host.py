"""The machine outside a test function, and ways to wait and compare; small, as MicroPython's heap is."""

import asyncio
import json
import socket

from msgflo._platform import Transport
from msgflo.broker import Broker


class Host:
    """`await host.ask("broker")`, and whatever else `tests/control.py` can do."""

    def __init__(self, port):
        self._socket = socket.socket()
        self._socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        self._socket.setblocking(False)

    async def ask(self, what, **arguments):
        arguments["do"] = what
        self._socket.send(json.dumps(arguments).encode() + b"\n")
        answer = b""
        while answer[-1:] != b"\n":
            try:
                answer += self._socket.recv(256)
            except OSError:
                await asyncio.sleep(0.003)
        answer = json.loads(answer.decode())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]


class Inbox(list):
    """A transport's `on_message`; `await inbox.get()` waits for the next packet."""

    def __call__(self, topic, payload, retained):
        self.append((topic, payload, retained))

    async def get(self, seconds=20):
        await until(lambda: self, seconds)
        return self.pop(0)


async def connected(url, inbox=None, client_id="test", will=None, **options):
    """Return a connected transport."""
    transport = Transport(Broker.parse(url), client_id, on_message=Inbox() if inbox is None else inbox, **options)
    await transport.connect(will)
    return transport


async def until(condition, seconds=20):
    """Wait until a condition holds."""
    for _ in range(seconds * 200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not within {} s".format(seconds))


def equal(found, expected):
    """Compare; MicroPython's assert would not say what was found."""
    if found != expected:
        raise AssertionError("{:.300} is not {:.300}".format(repr(found), repr(expected)))
