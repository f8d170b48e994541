"""A source and a sink of one name, on any version of the library and on each Python: `participants.py NAME BROKER`.

The sink prints what it gets, one JSON value a line.
"""

import json
import sys

from msgflo import Participant, Port, serve


class Source(Participant):
    """Sends as many numbered packets as it is told, all at once."""

    component = "test/Source"
    inports = (Port("count", type="number"),)
    outports = (Port("out", type="object", qos=1),)

    def process(self, inport, msg):
        for number in range(msg.data):
            self.send("out", {"from": self.role, "number": number})


class Sink(Participant):
    """Prints what it gets."""

    component = "test/Sink"
    inports = (Port("in", type="object"),)

    def process(self, inport, msg):
        print(json.dumps(msg.data))


if __name__ == "__main__":
    serve(Source(sys.argv[1] + "_source"), Sink(sys.argv[1] + "_sink"), broker=sys.argv[2])
