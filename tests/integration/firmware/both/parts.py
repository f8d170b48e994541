"""Participants to test with, and sessions that run them."""

import asyncio

import msgflo
import msgflo.link
from host import until

# A lost connection is made again at once; how the pauses grow is tested in tests/unit/msgflo/test_session.py.
msgflo.link._FIRST_DELAY = msgflo.link._LAST_DELAY = 0.05


class Source(msgflo.Participant):
    component = "test/Source"
    outports = [
        msgflo.Port("out"),
        msgflo.Port("level", "number", state=True),
        msgflo.Port("sure", qos=1),
        msgflo.Port("bytes", raw=True),
    ]


class Sink(msgflo.Participant):
    component = "test/Sink"
    inports = [msgflo.Port("in"), msgflo.Port("raw", raw=True)]

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.got = []

    def process(self, inport, msg):
        self.got.append((inport, msg.data))

    async def get(self, seconds=20):
        await until(lambda: self.got, seconds)
        return self.got.pop(0)


def session(url, *participants, **options):
    """Return a session that is not running, and the list of what it logs."""
    logged = []
    return msgflo.Session(participants, url, log=logged.append, **options), logged


async def run(url, *participants, **options):
    """Return a session that is connected and takes events, and the list of what it logs."""
    new, logged = session(url, *participants, **options)
    new.task = asyncio.create_task(new.run())
    await until(lambda: new.connected)
    if not any(hasattr(each._runner, "_held") for each in participants):
        await until(lambda: not new._transport.holds)
    return new, logged


def contains(text, *parts):
    """Check that a text has all these parts."""
    for part in parts:
        assert part in text, (part, text)


def refused(kind, parts, function, *arguments, **options):
    """Check that a call raises an exception of this kind, whose text has all these parts."""
    text = None
    try:
        function(*arguments, **options)
    except kind as e:
        text = str(e)
    assert text is not None, "not refused: {}".format(parts)
    contains(text, *parts)


async def settle(host):
    """Wait until the broker has handled what was sent before."""
    await host.ask("publish", topic="settled", qos=1)
