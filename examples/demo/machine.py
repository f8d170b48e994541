"""This machine as a participant: what its own sensors read."""

import psutil

from msgflo import Participant, Port


class Machine(Participant):
    component = "demo/Machine"
    label = "Load, memory and temperature of this machine"
    icon = "server"
    inports = [Port("interval", "number", "Seconds between readings, at least 0.1", schema={"minimum": 0.1})]
    outports = [
        Port("load", "number", "Processor load in percent", state=True),
        Port("memory", "number", "Memory in use in percent", state=True),
        Port("temperature", "number", "Processor temperature in °C; silent where there is no sensor", state=True),
    ]

    def start(self):
        psutil.cpu_percent()  # the first call only begins the measurement
        self.timer = self.every(1, self.measure)

    def on_interval(self, seconds):
        self.timer.cancel()
        self.timer = self.every(max(0.1, seconds), self.measure)

    def measure(self):
        self.send("load", psutil.cpu_percent())
        self.send("memory", psutil.virtual_memory().percent)
        temperature = processor_temperature()
        if temperature is not None:
            self.send("temperature", temperature)


def processor_temperature():
    """The first temperature that the kernel knows of, in °C, or None."""
    sensors = getattr(psutil, "sensors_temperatures", dict)()  # not on every system
    for readings in sensors.values():
        for reading in readings:
            return reading.current
    return None
