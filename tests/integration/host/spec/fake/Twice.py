"""Sends more than one packet."""

from msgflo import Participant, Port


class Twice(Participant):
    inports = [Port("in")]
    outports = [Port("first"), Port("second")]

    def on_in(self, value):
        self.send("first", 1)
        self.send("first", 2)
        self.send("second", 3)
