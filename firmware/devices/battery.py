"""The voltage and charge of a lithium-ion battery."""

from msgflo import Port

from .sensor import Sensor

__all__ = ("Battery", "create")


class Battery(Sensor):
    """`driver` has `measure(cells)`, which returns volts and %."""

    component = "devices/Battery"
    label = "Battery"
    icon = "battery-half"
    settings = (
        ("interval", "number", 300, 0.1, 86400, "Seconds between readings"),
        ("cells", "number", 1, 1, 6, "Cells in series"),
    )
    outports = (
        Port("volts", "number", "V", state=True),
        Port("percent", "number", "Charge, %", state=True),
    )

    def __init__(self, driver, role, topics=None, options=None):
        self._driver = driver
        super().__init__(role, topics, options)

    async def measure(self):
        """Take both."""
        volts, percent = self._driver.measure(self.config["cells"])
        return {"volts": round(volts, 2), "percent": round(percent)}


def create(role, topics, options, hardware):
    """Make one; options: `pin`, `divider` (the battery's voltage by that at the pin)."""
    from .drivers.battery import Battery as Driver

    return Battery(
        Driver(hardware.adc(options["pin"]), hardware.volts, options.get("divider", 1)), role, topics, options
    )
