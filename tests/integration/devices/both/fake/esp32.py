"""Stands for the ESP32's module `esp32`: the RMT unit; `RMT.log` lists what was written, as (durations, first level)."""


class RMT:
    log = []

    def __init__(self, channel, pin=None, clock_div=8):
        self.pin, self.clock_div = pin, clock_div
        self._busy = 0

    def write_pulses(self, durations, data):
        RMT.log.append((durations, data))
        self._busy = 2

    def wait_done(self, timeout=0):
        self._busy -= 1
        return self._busy <= 0
