"""Light by a light dependent resistor (LDR) at an ADC."""

from msgflo import Port

from .sensor import INTERVAL, Sensor

__all__ = ("Light", "create")


class Light(Sensor):
    """`driver` has `fraction()` and `volts()`."""

    component = "devices/Light"
    icon = "sun-o"
    settings = (
        INTERVAL,
        ("smoothing", "number", 0, 0, 0.99, "Share of the value before"),
    )
    outports = (
        Port("light", "number", "%", state=True),
        Port("volts", "number", "V", state=True),
    )
    _latest = None

    async def measure(self):
        """Take both."""
        light = self.driver.fraction() * 100
        if self._latest is not None:
            light += (self._latest - light) * self.config["smoothing"]
        self._latest = light
        return {"light": round(light, 1), "volts": round(self.driver.volts(), 3)}


def create(role, topics, options, hardware):
    """Make one; options: `pin`."""
    from .drivers.analog import Analog

    return Light(role, topics, options, Analog(hardware.adc(options["pin"]), hardware.volts))
