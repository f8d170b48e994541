"""A participant that measures again and again."""

from msgflo import Port

from .device import Device
from .errors import DeviceError

__all__ = ("INTERVAL", "Sensor")

INTERVAL = ("interval", "number", 30, 0.1, 86400, "Seconds between readings")


class Sensor(Device):
    """Derive from this, put INTERVAL among the `settings` and define `measure`, which asks the `driver`.

    A reading that fails is reported on `error`, and never sent as data.
    """

    settings = (INTERVAL,)
    inports = (Port("read", "any", "Anything: take a reading now"),)
    _timer = None
    _reading = False

    def __init__(self, role, topics, options, driver):
        self.driver = driver
        super().__init__(role, topics, options)

    async def measure(self):
        """Return a reading as {outport: value}; raises DeviceError or OSError where there is none."""
        raise NotImplementedError

    def start(self):
        """Begin to measure."""
        super().start()
        self._repeat()
        return self.read()

    def changed(self, setting):
        """Measure once per interval from now on; a class that overrides this calls it."""
        if setting == "interval":
            self._repeat()

    def on_read(self, value):
        """Take a reading now."""
        return self.read()

    async def read(self):
        """Take one reading and send it; returns whether there was one. Does nothing while one is being taken."""
        if self._reading:
            return False  # most chips do not answer while they measure
        self._reading = True
        try:
            reading = await self.measure()
        except (DeviceError, OSError) as e:
            self.fail(e)
            return False
        finally:
            self._reading = False
        self.well()
        for outport, value in reading.items():
            self.send(outport, value)
        return True

    def _repeat(self):
        if self._timer:
            self._timer.cancel()
        self._timer = self.every(self.config["interval"], self.read)
