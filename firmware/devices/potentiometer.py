"""A potentiometer: a value between two that are set."""

from msgflo import Port

from .device import Device
from .errors import DeviceError

__all__ = ("Potentiometer", "create")


class Potentiometer(Device):
    """Tells the value when it changes; at the ends it is exactly `low` and `high`, of which either may be the larger.

    Nearer to each other than 1e-6 they cannot be: then there are no steps between them, with the numbers of a board.
    """

    component = "devices/Potentiometer"
    label = "Potentiometer"
    icon = "tachometer"
    outports = (Port("value", "number", state=True),)
    settings = (
        ("low", "number", 0, -1000000000, 1000000000, "At one end"),
        ("high", "number", 100, -1000000000, 1000000000, "At the other end"),
        ("hysteresis", "number", 1, 0, 50, "Percent of the way"),
    )

    def __init__(self, role, topics, options, knob):
        super().__init__(role, topics, options)
        self._knob = knob
        self._value = None
        self._ends = self.config["low"], self.config["high"]
        self.every(0.05, self.poll)

    def changed(self, setting):
        """Tell the value in the new range; one that is too narrow is refused."""
        ends = self.config["low"], self.config["high"]
        if abs(ends[1] - ends[0]) < 1e-6:
            self.config["low"], self.config["high"] = self._ends
            raise DeviceError("low and high must be at least 1e-6 apart")
        self._ends = ends
        self.poll(True)

    def poll(self, anew=False):
        """Tell the value if it moved, or anyway."""
        if not (self._knob.moved(self.config["hysteresis"] / 100) or anew):
            return
        position = self._knob.position
        low = self.config["low"]
        high = self.config["high"]
        if 0 < position < 1:
            value = low + position * (high - low)
            digits = 0  # so many that a step is at most a 500th of the way
            while 0 < abs(high - low) * 10**digits < 500:
                digits += 1
            value = round(value, digits) if digits else round(value)
        else:
            value = high if position else low
        if value != self._value:
            self._value = value
            self.send("value", value)


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin."""
    from .drivers.knob import Knob

    return Potentiometer(role, topics, options, Knob(hardware.adc(options["pin"])))
