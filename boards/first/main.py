"""Starts with the board: joins the Wi-Fi named in settings.py and serves one participant. Ctrl-C stops it."""

import network
from machine import Pin

import settings
from heart import Heart
from msgflo import serve

wlan = network.WLAN(network.STA_IF)
wlan.active(True)


def keep_wifi():
    """Join, or join again after the Wi-Fi was away; returns at once."""
    if not wlan.isconnected() and wlan.status() != network.STAT_CONNECTING:
        wlan.connect(settings.WIFI, settings.PASSWORD)


keep_wifi()
heart = Heart(settings.ROLE, Pin(settings.LED, Pin.OUT))
heart.every(20, keep_wifi)
serve(heart, broker=settings.BROKER)
