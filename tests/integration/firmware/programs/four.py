"""Four participants at 10 packets a second each, and how much memory they leave: `four.py BROKER`."""

import gc
import sys

from msgflo import Participant, Port, serve


class Sensor(Participant):
    component, label, icon = "tests/Sensor", "Measures something", "thermometer"
    outports = [Port("value", "number", "what it measures", state=True), Port("count", "number")]
    count = 0

    def start(self):
        self.every(0.1, self.measure)

    def measure(self):
        self.count += 1
        self.send("value", self.count)
        self.send("count", self.count)


class Lamp(Participant):
    component, label, icon = "tests/Lamp", "Shows something", "lightbulb-o"
    inports = [Port("in", "number", "what it shows")]
    outports = [Port("shown", "number"), Port("free", "number", "bytes of memory"), Port("error")]

    def start(self):
        self.every(0.2, self.tell_memory)

    def on_in(self, value):
        self.send("shown", value)

    def tell_memory(self):
        gc.collect()
        self.send("free", gc.mem_free() if hasattr(gc, "mem_free") else 0)


serve(
    Sensor("sensor1"),
    Sensor("sensor2"),
    Lamp("lamp1", topics={"in": "sensor1/value"}),
    Lamp("lamp2", topics={"in": "sensor2/value"}),
    broker=sys.argv[1],
)
