"""Temperature, humidity and pressure: BME280."""

from msgflo import Port

from .climate import Climate

__all__ = ("Weather", "create")


class Weather(Climate):
    """`driver` has an async `measure()` that returns the three."""

    component = "devices/Weather"
    settings = Climate.settings + (("altitude", "number", 0, -500, 9000, "m above the sea"),)
    outports = Climate.outports + (Port("pressure", "number", "hPa", state=True),)

    async def measure(self):
        """Take the three; pressure at sea level by the barometric formula of Bosch's data sheet BST-BMP180-DS000, 3.7."""
        temperature, humidity, pressure = await self.driver.measure()
        reading = self.adjusted(temperature, humidity)
        reading["pressure"] = round(pressure / (1 - self.config["altitude"] / 44330) ** 5.255, 1)
        return reading


def create(role, topics, options, hardware):
    """Make one; options: `i2c` (number of a bus), `address`."""
    from .drivers.bme280 import Bme280

    return Weather(role, topics, options, Bme280(hardware.i2c(options["i2c"]), options.get("address", 0x76)))
