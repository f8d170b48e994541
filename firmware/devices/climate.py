"""Temperature and humidity: DHT11, DHT22, SHT3x, AHT20."""

from msgflo import Port

from .sensor import Sensor

__all__ = ("Climate", "create")


class Climate(Sensor):
    """`driver` has an async `measure()` that returns both."""

    component = "devices/Climate"
    icon = "thermometer-half"
    settings = Sensor.settings + (
        ("temperature_offset", "number", 0, -20, 20, "°C to add"),
        ("humidity_offset", "number", 0, -50, 50, "% to add"),
    )
    outports = (
        Port("temperature", "number", "°C", state=True),
        Port("humidity", "number", "%", state=True),
    )

    async def measure(self):
        """Take both."""
        return self.adjusted(*await self.driver.measure())

    def adjusted(self, temperature, humidity):
        """Return a reading with the offsets added; humidity stays within 0 to 100."""
        humidity += self.config["humidity_offset"]
        return {
            "temperature": round(temperature + self.config["temperature_offset"], 2),
            "humidity": round(min(max(humidity, 0), 100), 1),
        }


def create(role, topics, options, hardware):
    """Make one; options: `sensor` (dht11, dht22, sht3x, aht20), and `pin`, or `i2c` (number of a bus) and `address`."""
    sensor = options["sensor"]
    if sensor in ("dht11", "dht22"):
        from .drivers.dht import Dht

        driver = Dht(hardware.pin(options["pin"]), sensor == "dht22")
    elif sensor == "sht3x":
        from .drivers.sht3x import Sht3x

        driver = Sht3x(hardware.i2c(options["i2c"]), options.get("address", 0x44))
    elif sensor == "aht20":
        from .drivers.aht20 import Aht20

        driver = Aht20(hardware.i2c(options["i2c"]), options.get("address", 0x38))
    else:
        raise ValueError("sensor {!r}; allowed: dht11, dht22, sht3x, aht20".format(sensor))
    return Climate(role, topics, options, driver)
