"""The Wi-Fi: joined at the start, and again whenever it was lost."""

import asyncio
from time import ticks_diff, ticks_ms

import network
from micropython import const

from . import log

__all__ = ("Wifi",)

_JOIN = const(15_000)  # ms after which an attempt counts as failed
_CHECK = const(1)  # s
_RESTART = const(10)  # failed attempts after which the radio is switched off and on

_REASONS = (
    ("WRONG_PASSWORD", "the password is wrong"),
    ("HANDSHAKE_TIMEOUT", "the password is wrong"),  # what an ESP32 says then
    ("NO_AP_FOUND", "there is no such network here (a board needs 2.4 GHz)"),
)


class Wifi:
    """`config` is the part `wifi` of the compiled port map: ssid, password, and optionally country, hostname, address."""

    def __init__(self, config):
        self.config = config
        self._logged = None
        self.attempts = 0  # to join, since the start
        self._stale = None  # what the last attempt has left in `status`: an ESP32 says it until it is in the network
        if config.get("country"):
            network.country(config["country"])
        if config.get("hostname"):
            network.hostname(config["hostname"])
        self.wlan = network.WLAN(network.STA_IF)

    @property
    def connected(self):
        """Whether the board is in the network and has an address."""
        return self.wlan.isconnected()

    @property
    def signal(self):
        """The signal's strength in dBm; None where it is not known."""
        try:
            return self.wlan.status("rssi")
        except (OSError, ValueError, TypeError):
            return None

    def start(self, **where):
        """Begin to join, and return at once; `where` may have the access point's `bssid` (bytes) and `channel`."""
        self.attempts += 1
        self.wlan.active(True)
        try:
            # Else an ESP32 joins by itself again: it would not say why it could not, nor let us (MicroPython issue 17661).
            self.wlan.config(reconnects=0)
        except ValueError:
            pass  # an RP2 does not
        address = self.config.get("address")
        if address:
            self.wlan.ifconfig(tuple(address))
            if hasattr(network, "ipconfig"):
                # On an RP2 the line above leaves it without a name server.
                network.ipconfig(dns=address[3])
        credentials = self.config["ssid"], self.config.get("password")
        self._stale = self.wlan.status()
        try:
            self.wlan.connect(*credentials, **where)
        except TypeError:  # an ESP32 takes no channel (MicroPython 1.29)
            where.pop("channel", None)
            self.wlan.connect(*credentials, **where)

    def off(self):
        """Switch the radio off; it is on again from the next `start`."""
        self.wlan.active(False)
        try:
            # An RP2's radio keeps its power until then (MicroPython issue 9136).
            self.wlan.deinit()  # pyright: ignore[reportAttributeAccessIssue]
        except AttributeError:
            pass  # an ESP32 needs none

    async def wait(self, timeout=_JOIN):
        """Wait until the board has joined, or the attempt has failed; returns whether it has. `timeout` in ms."""
        began = ticks_ms()
        while not self.wlan.isconnected():
            status = self.wlan.status()
            if status != self._stale:
                self._stale = None
            if ticks_diff(ticks_ms(), began) > timeout or (status < network.STAT_IDLE and self._stale is None):
                return False
            await asyncio.sleep_ms(20)
        return True

    async def join(self):
        """Try until the board has joined."""
        failed = 0
        while not self.wlan.isconnected():
            why = None
            try:
                self.start()
                if await self.wait():
                    break
            except (OSError, ValueError, MemoryError) as e:
                why = str(e)
            why = why or self._reason(self.wlan.status()) or "no answer within {} s".format(_JOIN // 1000)
            self._log('no Wi-Fi "{}": {}; trying again'.format(self.config["ssid"], why), log.error)
            failed += 1
            try:
                if failed % _RESTART:
                    self.wlan.disconnect()
                else:
                    self.off()
            except OSError:
                pass  # an ESP32's radio that did not start
            await asyncio.sleep(2)
        self._log('Wi-Fi "{}" joined, address {}'.format(self.config["ssid"], self.wlan.ifconfig()[0]), log.info)

    async def keep(self):
        """Join again whenever the network was lost."""
        while True:
            await asyncio.sleep(_CHECK)
            if not self.wlan.isconnected():
                self._log('Wi-Fi "{}" lost'.format(self.config["ssid"]), log.error)
                await self.join()

    def _reason(self, status):
        for name, text in _REASONS:
            if status == getattr(network, "STAT_" + name, None):
                return text
        # Failures are below 0 on an RP2, reasons of IEEE 802.11 on an ESP32, where all other states are 1000 and more.
        return "it was refused (reason {})".format(status) if status < network.STAT_IDLE else None

    def _log(self, text, how):
        if text != self._logged:
            self._logged = text
            how(text)
