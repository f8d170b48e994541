"""What stands around a participant in a test: a session that notes what was sent, the board's hardware, a clock."""

import asyncio
import sys

import devices
from msgflo.packets import Message, decode

# The module alone: its package is a whole board.
sys.path.append(devices.__file__.rsplit("/", 2)[0] + "/board")
from hardware import Hardware

__all__ = ("Clock", "Hardware", "Stage", "soon")


class Stage:
    """Stands for the session; `take()` returns what was sent since, as (outport, value), `last(outport)` the latest."""

    running = False

    def __init__(self, participant):
        self.sent = []
        self.logged = []
        self.participant = participant
        participant._runner.join(self)
        participant.start()

    def post(self, out, payload):
        self.sent.append((out[0].split("/")[-1], decode(payload)))

    def log(self, text):
        self.logged.append(text)

    def give(self, inport, value):
        """Hand a packet to an inport."""
        result = self.participant.process(inport, Message(b"", value))
        assert result is None, result

    def take(self):
        sent = self.sent
        self.sent = []
        return sent

    def last(self, outport):
        return [value for port, value in self.sent if port == outport][-1]

    def error(self, inport, value):
        """Return the message of the one packet that is sent, on `error`, when an inport gets this value."""
        self.sent = []
        self.give(inport, value)
        assert [port for port, _ in self.sent] == ["error"], self.sent
        assert self.sent[0][1]["port"] == inport, self.sent
        return self.sent[0][1]["message"]


class Clock:
    """Stands for `ticks_ms` in some modules; `us` is the time in µs."""

    def __init__(self, *modules):
        self.us = 1000000
        for module in modules:
            module.ticks_ms = self.ms

    def ms(self):
        return self.us // 1000


async def soon():
    """Let those run who look every few milliseconds: some times, however busy the machine is."""
    for _ in range(6):
        await asyncio.sleep(0.005)
