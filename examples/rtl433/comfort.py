"""Says how the air feels: dew point and a sentence, from temperature and humidity."""

import math

from msgflo import Participant, Port


class Comfort(Participant):
    component = "rtl433/Comfort"
    label = "Dew point, and how the air feels"
    icon = "tint"
    inports = [
        Port("temperature", "number", "Temperature in °C, -60 to 60"),
        Port("humidity", "number", "Relative humidity in percent, 1 to 100"),
    ]
    outports = [
        Port("dewpoint", "number", "Dew point in °C", state=True),
        Port("text", "string", "A sentence for people", state=True),
        Port("error", "object", "What came and cannot be"),
    ]
    temperature = humidity = None

    def on_temperature(self, value):
        self.temperature = within(value, -60, 60, "temperature")
        self.say()

    def on_humidity(self, value):
        self.humidity = within(value, 1, 100, "humidity")
        self.say()

    def say(self):
        if self.temperature is None or self.humidity is None:
            return
        dewpoint = round(dew_point(self.temperature, self.humidity), 1)
        self.send("dewpoint", dewpoint)
        feels = "muggy" if dewpoint >= 16 else "dry" if dewpoint < 5 else "pleasant"
        self.send("text", f"{self.temperature} °C, {self.humidity} %: dew point {dewpoint} °C, {feels}")


def within(value, lowest, highest, what):
    """Return a number as it is. What comes by radio comes from anybody: ValueError if it cannot be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise ValueError(f"{what} {value!r} is not {lowest} to {highest}")
    return value


def dew_point(temperature, humidity):
    """Return the dew point in °C by the Magnus formula (constants: Sonntag 1990; good to 0.35 °C)."""
    x = math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * x / (17.62 - x)
