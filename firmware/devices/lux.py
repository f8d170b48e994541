"""Illuminance in lux: BH1750."""

from msgflo import Port

from .sensor import INTERVAL, Sensor

__all__ = ("Lux", "create")


class Lux(Sensor):
    """`driver` has an async `measure()` that returns lux."""

    component = "devices/Lux"
    icon = "sun-o"
    settings = (INTERVAL, ("factor", "number", 1, 0.01, 100, "To multiply by"))
    outports = (Port("lux", "number", "lx", state=True),)

    async def measure(self):
        """Take it."""
        return {"lux": round(await self.driver.measure() * self.config["factor"], 1)}


def create(role, topics, options, hardware):
    """Make one; options: `i2c` (number of a bus), `address`."""
    from .drivers.bh1750 import Bh1750

    return Lux(role, topics, options, Bh1750(hardware.i2c(options["i2c"]), options.get("address", 0x23)))
