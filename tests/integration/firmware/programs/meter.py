"""Sends back what it gets and tells its free memory: `meter.py BROKER`."""

import gc
import sys

from msgflo import Participant, Port, serve


class Meter(Participant):
    component = "tests/Meter"
    inports = (Port("in"),)
    outports = (Port("out"), Port("free", "number", "bytes of memory"))

    def on_in(self, value):
        self.send("out", value)
        gc.collect()
        self.send("free", gc.mem_free() if hasattr(gc, "mem_free") else 0)


serve(Meter("meter"), broker=sys.argv[1])
