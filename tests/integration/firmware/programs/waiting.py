"""Sends on what it gets, from handlers of both kinds: `waiting.py BROKER`."""

import asyncio
import sys

from msgflo import Participant, Port, serve


class Waiting(Participant):
    component = "tests/Waiting"
    inports = (Port("in"), Port("slow"))
    outports = (Port("out", qos=1), Port("late", qos=1))

    def on_in(self, value):
        self.send("out", value)

    async def on_slow(self, value):
        await asyncio.sleep(0)
        self.send("late", value)


serve(Waiting("board"), broker=sys.argv[1])
