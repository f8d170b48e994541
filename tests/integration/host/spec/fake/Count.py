"""Counts packets."""

from msgflo import Participant, Port


class Count(Participant):
    inports = [Port("in")]
    outports = [Port("out")]
    count = 0

    def on_in(self, value):
        self.count += 1
        self.send("out", self.count)
