"""Sends back what it gets, byte for byte: `echo.py BROKER`."""

import sys

from msgflo import Participant, Port, serve


class Echo(Participant):
    """As small as a participant can be."""

    component = "tests/Echo"
    inports = (Port("in", raw=True),)
    outports = (Port("out", raw=True, qos=1),)

    def on_in(self, payload):
        self.send("out", payload)


serve(Echo("écho 😀"), broker=sys.argv[1])
