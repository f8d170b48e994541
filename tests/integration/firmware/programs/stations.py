"""Four participants, each of which sends ten states a second and shows those of its neighbour: `stations.py BROKER`."""

import gc
import sys

from msgflo import Participant, Port, serve


class Station(Participant):
    """Counts, and takes note of what its neighbour counts."""

    component, label, icon = "tests/Station", "Counts", "clock-o"
    inports = (Port("in", "number", "the neighbour's count"),)
    outports = (Port("count", "number", "how far it is", state=True),)
    count = 0
    seen = 0
    backwards = 0

    def start(self):
        self.every(0.1, self.go_on)

    def go_on(self):
        self.count += 1
        self.send("count", self.count)

    def on_in(self, value):
        if value < self.seen:
            self.backwards += 1
        self.seen = value


class Reporter(Station):
    """Prints four times a second how much memory is free, and how far the neighbours are."""

    def start(self):
        super().start()
        self.every(0.25, self.report)

    def report(self):
        gc.collect()
        free = gc.mem_free() if hasattr(gc, "mem_free") else 0
        print("free", free, "seen", *[s.seen for s in stations], "back", sum(s.backwards for s in stations))


stations = [(Reporter if i == 0 else Station)(f"s{i}", topics={"in": f"s{(i + 1) % 4}/count"}) for i in range(4)]
serve(*stations, broker=sys.argv[1])
