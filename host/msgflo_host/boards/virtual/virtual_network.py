"""`network` as the program of a virtual board sees it: a Wi-Fi that is there, absent or lets nobody in.

The states and their numbers are those of the ports esp32 and rp2 of MicroPython (library `network`, class `WLAN`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from .hardware import Hardware

__all__ = ["Network", "Rp2Wlan", "Wlan", "Wlans"]

_JOINING = 0.2  # s until it is known whether the board is let in
_ESP32 = {
    "IDLE": 1000, "CONNECTING": 1001, "GOT_IP": 1010, "BEACON_TIMEOUT": 200, "NO_AP_FOUND": 201, "WRONG_PASSWORD": 202,
    "ASSOC_FAIL": 203, "HANDSHAKE_TIMEOUT": 204,
}  # fmt: skip
_RP2 = {"IDLE": 0, "CONNECTING": 1, "WRONG_PASSWORD": -3, "NO_AP_FOUND": -2, "CONNECT_FAIL": -1, "GOT_IP": 3}
_MAC = b"\x24\x6f\x28\x00\x00\x01"
_CHANNEL = 6
_ADDRESS = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


class Network:
    """The module `network`, during one start of the program."""

    STA_IF, AP_IF = 0, 1

    def __init__(self, hardware: Hardware) -> None:
        states = _RP2 if hardware.chip.rp2 else _ESP32
        for name, number in states.items():
            setattr(self, f"STAT_{name}", number)
        self._hostname = "mpy-" + hardware.chip.name
        self._country = "XX"
        self.WLAN = Wlans((Rp2Wlan if hardware.chip.rp2 else Wlan)(hardware, states))

    def hostname(self, name: str | None = None) -> str | None:
        if name is None:
            return self._hostname
        if not 0 < len(name) <= 32:
            raise ValueError("hostname")
        self._hostname = name
        return None

    def country(self, code: str | None = None) -> str | None:
        if code is None:
            return self._country
        if len(code) != 2:
            raise ValueError("country")
        self._country = code
        return None


class Wlans:
    """The class `WLAN`: there is one station; the numbers of interfaces are its constants, too."""

    IF_STA, IF_AP = 0, 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2

    def __init__(self, station: Wlan) -> None:
        self._station = station

    def __call__(self, interface: int = 0) -> Wlan:
        if interface != self.IF_STA:
            raise NotImplementedError("a virtual board is no access point")
        return self._station


class Wlan:
    """The station of an ESP32: by default it tries again by itself, and takes no other network meanwhile."""

    _rejected = "HANDSHAKE_TIMEOUT"  # that is what a wrong password leads to
    _lost = "BEACON_TIMEOUT"
    _settable: tuple[str, ...] = ("mac", "channel", "txpower", "pm", "protocol", "reconnects")

    def __init__(self, hardware: Hardware, states: dict[str, int]) -> None:
        self._wifi = hardware.wifi
        self._states = states
        self._active = self._powered = False
        self._desired = self._joined = False
        self._reason = "IDLE"  # why it is not in the network: from the end of one attempt to the end of the next
        self._address = _ADDRESS
        self._settings: dict[str, Any] = {"mac": _MAC, "channel": _CHANNEL, "txpower": 20, "pm": 0, "ssid": ""}
        self._settings["reconnects"] = -1
        self._joining: asyncio.TimerHandle | None = None

    def active(self, on: bool | None = None) -> bool:
        if on is not None:
            self._active = self._powered = bool(on)
            if not on:
                self._leave()
        return self._active

    def connect(self, ssid: str | None = None, key: str | None = None, **_: Any) -> None:
        if not self._powered:
            raise OSError(12290, "Wifi Not Started")
        self._notice()
        if self._joining is not None:
            raise OSError(12295, "Wifi Internal Error")
        self._begin(ssid)

    def _begin(self, ssid: str | None) -> None:
        self._settings["ssid"] = ssid or self._settings["ssid"]
        self._desired = True
        self._joined = self._wifi.connected = False
        self._joining = asyncio.get_running_loop().call_later(_JOINING, self._join)

    def _join(self) -> None:
        self._joining = None
        self._joined = self._wifi.connected = self._wifi.state == "there"
        if self._joined:
            self._reason = "IDLE"
        else:
            self._failed("NO_AP_FOUND" if self._wifi.state == "absent" else self._rejected)

    def _failed(self, reason: str) -> None:
        self._reason = reason
        if self._desired and self._settings.get("reconnects", 0) < 0:
            self._begin(None)

    def _notice(self) -> None:
        if self._joined and not self._wifi.connected:
            self._joined = False
            self._failed(self._lost)

    def disconnect(self) -> None:
        if not self._powered:
            raise OSError(12290, "Wifi Not Started")
        self._leave()

    def _leave(self) -> None:
        if self._joining is not None or self._joined:
            self._reason = "IDLE"
        if self._joining is not None:
            self._joining.cancel()
        self._joining = None
        self._desired = self._joined = self._wifi.connected = False

    def isconnected(self) -> bool:
        self._notice()
        return self._wifi.connected

    def status(self, what: str | None = None) -> int:
        if what is not None:
            return int(self.config(what))
        self._notice()
        if self._wifi.connected:
            return self._states["GOT_IP"]
        if self._joining is not None and self._reason not in ("NO_AP_FOUND", "WRONG_PASSWORD"):
            return self._states["CONNECTING"]
        return self._states[self._reason]

    def config(self, what: str | None = None, **values: Any) -> Any:
        """Tell a setting, or set some."""
        if what is None:
            for name, value in values.items():
                if name not in self._settable:
                    raise ValueError("unknown config param")
                self._settings[name] = value
            return None
        if what == "rssi":
            if not self._wifi.connected:
                raise OSError(1, "not connected")
            return self._wifi.rssi
        if what in ("ssid", "essid"):
            what = "ssid"
        if what not in self._settings:
            raise ValueError("unknown config param")
        return self._settings[what]

    def ifconfig(self, address: tuple[str, str, str, str] | str | None = None) -> tuple[str, ...] | None:
        if address is None:
            return self._address if self._wifi.connected else ("0.0.0.0",) * 4
        if not isinstance(address, str):  # "dhcp"
            ip, netmask, gateway, dns = address
            self._address = (ip, netmask, gateway, dns)
        return None

    def ipconfig(self, what: str | None = None, **_: Any) -> Any:
        if what is None:
            return None
        current = self.ifconfig() or ()
        if what not in ("addr4", "gw4"):
            raise ValueError("unknown config param")
        return tuple(current[:2]) if what == "addr4" else current[2]

    def scan(self) -> list[tuple[Any, ...]]:
        return []


class Rp2Wlan(Wlan):
    """The station of an RP2: it tries once, and keeps its radio on, and what it has joined, until `deinit`."""

    _rejected = "WRONG_PASSWORD"
    _lost = "NO_AP_FOUND"
    _settable = ("mac", "channel", "txpower", "pm")

    def __init__(self, hardware: Hardware, states: dict[str, int]) -> None:
        super().__init__(hardware, states)
        del self._settings["reconnects"]

    def active(self, on: bool | None = None) -> bool:
        if on is not None:
            self._active = bool(on)
            self._powered = self._powered or self._active
        return self._active

    def connect(self, ssid: str | None = None, key: str | None = None, **_: Any) -> None:
        if not self._powered:
            raise OSError(1, "EPERM")
        self._leave()
        self._reason = "IDLE"
        self._begin(ssid)

    def disconnect(self) -> None:
        self._powered = True
        self._leave()

    def deinit(self) -> None:
        self._leave()
        self._powered = False
