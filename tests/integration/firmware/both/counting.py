"""One that remembers what it has counted."""

import asyncio

from host import equal, until
from msgflo import Port
from msgflo.remembering import Remembering
from parts import run

MEMORY = "fbp/memory/count"


class Count(Remembering):
    component = "test/Count"
    inports = [Port("in"), Port("slow"), Port("same")]
    outports = [Port("out")]
    remembers = ("count", "names")
    count = 0
    names = ()

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.did = []
        self.gate = asyncio.Event()

    def start(self):
        self.did.append(["start", self.count])

    def on_in(self, value):
        self.did.append(value)
        self.count += value

    async def on_slow(self, value):
        await self.gate.wait()
        self.on_in(value)

    def on_same(self, value):
        self.did.append(value)


async def live(host, url, count):
    """Let one start; returns its session, and the list of what that logs."""
    session, logged = await run(url, count)
    await until(lambda: count.did and not session._transport.holds)
    return session, logged


async def say(host, port, payload, retain=False):
    await host.ask("publish", topic="count/" + port, payload=payload, qos=1, retain=retain)


async def saved(host, expected):
    """Check what is published on the topic of a memory, but for the question itself."""
    found = []
    while len(found) < len(expected):
        found += [packet[1] for packet in await host.ask("recorded", count=1) if packet[1] != "null"]
    equal([eval(text) for text in found], expected)
