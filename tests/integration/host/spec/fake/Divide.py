"""Divides what it got last at one port by what it got last at the other."""

from msgflo import Participant, Port


class Divide(Participant):
    inports = [Port("number"), Port("by")]
    outports = [Port("out"), Port("rest"), Port("error")]
    number = by = None

    def on_number(self, value):
        self.number = value
        self.divide()

    def on_by(self, value):
        self.by = value
        self.divide()

    def divide(self):
        if self.number is None or self.by is None:
            return
        if self.by == 0:
            self.send("error", {"message": "cannot divide by 0"})
        else:
            self.send("out", self.number / self.by)
            self.send("rest", self.number % self.by)
