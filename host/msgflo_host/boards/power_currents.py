"""The currents of chips and devices, each with the data sheet that has it.

Currents are typical ones at 25 °C. Where no data sheet has one, the source begins with "assumed".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["ADDRESS_S", "CHIPS", "DEVICES", "DEV_BOARD", "JOIN_S", "MQTT_S", "RADIO_S", "SEND_S", "START_S", "TLS_S",
    "ChipCurrents", "Current", "DeviceCurrents", "Duration"]  # fmt: skip


class Current(NamedTuple):
    """A current in mA, with its source."""

    milliamps: float
    source: str


class Duration(NamedTuple):
    """The seconds that something takes, with their source."""

    seconds: float
    source: str


class ChipCurrents(NamedTuple):
    """A chip while it computes, while its Wi-Fi listens and sends, and asleep."""

    running: Current
    listening: Current
    sending: Current
    asleep: Current


class DeviceCurrents(NamedTuple):
    """A device while it measures, for how many seconds, and in between.

    `first` are more seconds, in which its driver waits before the first reading after each start of the chip.
    """

    measuring: Current
    seconds: float
    idle: Current
    first: float = 0.0
    time_source: str = ""


# Seconds that a wake-up takes; docs/sleeping.md says what is measured of it.
START_S = Duration(0.70, "assumed: an ESP32-S3, in half of what an RP2040 was measured to need; docs/sleeping.md")
"""The chip, MicroPython and our modules."""
RADIO_S = Duration(0.32, "assumed: what its driver (cyw43-driver) waits at least")
"""The Wi-Fi chip of a Pico W, which has no power while the board sleeps."""
JOIN_S = Duration(0.40, "assumed: a strong signal")
"""Joining a Wi-Fi network, with an address that is given in the port map."""
ADDRESS_S = Duration(0.60, "assumed")
"""Asking for an address (DHCP)."""
TLS_S = Duration(1.0, "assumed")
"""A TLS handshake."""
MQTT_S = Duration(0.05, "assumed: two round trips, to a broker in the same network")
"""All of MQTT."""
SEND_S = Duration(0.02, "assumed")
"""Of all that, the time in which the radio sends."""

_ESP32 = "ESP32 Series Datasheet"
_S3 = "ESP32-S3 Series Datasheet"
_C3 = "ESP32-C3 Series Datasheet"
_MODES = "Current Consumption in Other Modes"
_RF = "Current Consumption in Active Mode"

_PICO_W = ChipCurrents(
    running=Current(25, "assumed: an RP2040 at 125 MHz, about as in the RP2040 Datasheet, Power Consumption"),
    listening=Current(75, "assumed: the RP2040, and its Wi-Fi chip CYW43439 with 50 mA"),
    sending=Current(275, "assumed: the RP2040, and its Wi-Fi chip CYW43439 with 250 mA"),
    asleep=Current(
        1.3,
        "Raspberry Pi Pico Datasheet, Power consumption, sleep: the whole board, with its converter RT6150B; "
        "the Wi-Fi chip is off; "
        "with MicroPython 1.25 or older some 0.2 mA more, as it wakes every 64 ms",
    ),
)

# Nobody has measured one that sleeps so.
_PICO_2_W = ChipCurrents(*(Current(each.milliamps, f"assumed: as a Pico W ({each.source})") for each in _PICO_W))

CHIPS: Mapping[str, ChipCurrents] = {
    "esp32": ChipCurrents(
        running=Current(44, f"{_ESP32}, Power Consumption by Power Modes, modem-sleep at 160 MHz, highest"),
        listening=Current(100, f"{_ESP32}, {_RF}, receiving"),
        sending=Current(240, f"{_ESP32}, {_RF}, sending 802.11b at 19.5 dBm"),
        asleep=Current(0.010, f"{_ESP32}, Power Consumption by Power Modes, deep sleep, RTC timer and memory"),
    ),
    "esp32s3": ChipCurrents(
        running=Current(57, f"{_S3}, {_MODES}, modem-sleep at 160 MHz, busy, about"),
        listening=Current(88, f"{_S3}, {_RF}, receiving, HT20"),
        sending=Current(340, f"{_S3}, {_RF}, sending 802.11b at 21 dBm"),
        asleep=Current(0.007, f"{_S3}, {_MODES}, deep sleep, RTC memory on"),
    ),
    "esp32c3": ChipCurrents(
        running=Current(28, f"{_C3}, {_MODES}, modem-sleep at 160 MHz, busy"),
        listening=Current(84, f"{_C3}, {_RF}, receiving, HT20"),
        sending=Current(335, f"{_C3}, {_RF}, sending 802.11b at 21 dBm"),
        asleep=Current(0.005, f"{_C3}, {_MODES}, deep sleep, RTC timer and memory"),
    ),
    "picow": _PICO_W,
    "pico2w": _PICO_2_W,
}

_DHT22 = "Aosong AM2302/DHT22 data sheet, Electrical Characteristics"
_DHT11 = "Aosong DHT11 data sheet, Electrical Characteristics"
_DHT_S = "its driver: 1 s after a start of the chip, and 0.3 s for the request and the answer"
_SHT3X = "Sensirion SHT3x-DIS data sheet"
_AHT20 = "ASAIR AHT20 data sheet, Electrical Characteristics"
_BME280 = "Bosch BME280 data sheet (BST-BME280-DS002), Table 1"
_BH1750 = "Rohm BH1750FVI data sheet, Electrical Characteristics"

DEVICES: Mapping[str, DeviceCurrents] = {
    "dht11": DeviceCurrents(
        Current(2.5, f"{_DHT11}, highest"), 0.3, Current(0.150, f"{_DHT11}, standby, highest"), 1.0, _DHT_S
    ),
    "dht22": DeviceCurrents(
        Current(1.5, f"{_DHT22}, highest"), 0.3, Current(0.050, f"{_DHT22}, standby, highest"), 1.0, _DHT_S
    ),
    "sht3x": DeviceCurrents(
        Current(0.6, f"{_SHT3X}, Table 3"), 0.015, Current(0.0002, f"{_SHT3X}, Table 3, idle in single shot mode")
    ),
    "aht20": DeviceCurrents(Current(0.98, _AHT20), 0.08, Current(0.00025, f"{_AHT20}, sleep")),
    "bme280": DeviceCurrents(Current(0.714, f"{_BME280}, pressure"), 0.010, Current(0.0001, f"{_BME280}, sleep")),
    "bh1750": DeviceCurrents(Current(0.12, _BH1750), 0.18, Current(0.00001, f"{_BH1750}, power down")),
    "ldr": DeviceCurrents(
        Current(0, "counted below"), 0, Current(0.165, "assumed: 10 kΩ and an LDR with as much, at 3.3 V, always on")
    ),
    "battery": DeviceCurrents(
        Current(0, "counted below"),
        0,
        Current(0.0039, "assumed: two resistors of 470 kΩ, as in docs/boards.md, at 3.7 V"),
    ),
}

DEV_BOARD = Current(6.0, "AMS1117 data sheet, Quiescent Current: 5 mA; and 1 mA assumed for a power LED")
"""What is on a development board of an ESP32 besides its chip, and never sleeps. A Pico's is in its figures."""
