"""Names of other parts and of other programs that people write for kinds of devices."""

from __future__ import annotations

__all__ = ["ALSO_CALLED", "NOT_SUPPORTED"]

_OTHER_THAN_SHT3X = "an SHT3x is another part"

NOT_SUPPORTED = {
    "aht10": "an AHT20 is another part, whose readings have a checksum",
    "bmp180": "a BME280 is another part",
    "bmp280": "a BME280 is another part, which measures humidity, too",
    "bme680": "a BME280 is another part",
    "bme688": "a BME280 is another part",
    **dict.fromkeys(
        ("htu21", "htu21d", "sht10", "sht11", "sht15", "sht20", "sht21", "sht40", "sht41", "sht45", "sht4x", "shtc3"),
        _OTHER_THAN_SHT3X,
    ),
}
"""Parts whose names are near to those that there are, with the advice for each."""

ALSO_CALLED = {
    other: kind
    for kind, others in {
        "dht22": "am2301 am2302 dht21",
        "sht3x": "sht85",
        "bh1750": "gy302 gy-302 lux",
        "mic": "max4466 max9814 microphone",
        "i2s_mic": "ics43434 inmp441 mic_i2s sph0645",
        "ldr": "gl5528 photoresistor",
        "button": "contact door motion pir reed window",
        "potentiometer": "dial knob pot poti",
        "ws2812": "neopixel neopixelbus neopixels pixels strip ws2811 ws281x",
        "rf433": "433 433mhz radio rf",
    }.items()
    for other in others.split()
}
"""Names of the kinds elsewhere: parts, and words of other programs."""
