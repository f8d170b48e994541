"""Port maps of virtual boards that tests start."""

from __future__ import annotations


def port_map(letter: str, more: str = "") -> str:
    """A board with a button and an LED, and a broker that is nowhere."""
    return (
        "chip: esp32\nwifi: {ssid: Home, password: not my real password}\nbroker: mqtt://127.0.0.1:9\ndevices:\n"
        f"  button-{letter}: {{kind: button, pin: 27}}\n  lamp-{letter}: {{kind: led, pin: 19}}\n{more}"
    )
