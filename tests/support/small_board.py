"""A board that is no more than MicroPython, a folder, and a few lines that stand for the chip: it can be cut off and killed.

What a program does through `machine` and `network` ends here; `msgflo board run` has the board with pins. A reset and
a deep sleep are what they are on a chip: the program is killed, and starts anew, at once or when it has slept.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import msgflo
from interpreters import MICROPYTHONS, UMQTT
from paths import ROOT

FIRMWARE = ROOT / "firmware"
KEY = "5e" * 32
HEAP = "200K"  # objects are twice as large as on a chip
MICROPYTHON = next((each for each in MICROPYTHONS if not each.missing), MICROPYTHONS[-1])

_MACHINE = """
import os, sys, time
PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_slept = 0.0
def _end(what):
    sys.stdout.write("\\x01" + what + "\\n")
    time.sleep(60)
def reset(): _end("reset")
def deepsleep(ms=0): _end("sleep %d" % ms)
def reset_cause(): return int(os.getenv("CAUSE"))
class RTC:
    def memory(self, data=None):
        path = os.getenv("RTC")
        if data is None:
            try:
                with open(path, "rb") as file: return file.read()
            except OSError: return b""
        if len(data) > 2048: raise ValueError("buffer too long")
        with open(path, "wb") as file: file.write(data)
    def datetime(self, value=None): pass
if os.getenv("NO_RTC"):
    del RTC.memory
def lightsleep(ms):
    sys.stdout.write("\\x02%d\\n" % ms)
    time.sleep_ms(ms)
class Pin:
    OUT = IN = 1
    def __init__(self, name, *args): raise ValueError(name)
class WDT:
    def __init__(self, timeout=5000):
        WDT.timeout = timeout
        self.feed()
    def feed(self): sys.stdout.write("\\x03%d\\n" % WDT.timeout)
if os.getenv("FULL"):  # for files whose paths begin like this, the flash is: they can be made, but nothing be written
    import builtins, io
    _open = builtins.open
    class _Full(io.IOBase):
        def __init__(self, path, mode): _open(path, mode).close()
        def __enter__(self): return self
        def __exit__(self, *_): pass
        def write(self, data): raise OSError(28)
    _none = tuple(os.getenv("FULL").split())
    builtins.open = lambda path, mode="r": (_Full if "w" in mode and path.startswith(_none) else _open)(path, mode)
"""
_NETWORK = """
import json, os
STA_IF = 0
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND, STAT_CONNECT_FAIL = 202, 201, 203
def country(*args): pass
hostname = country
def _access_point(): return bytes.fromhex(os.getenv("BSSID") or "020000000001")
def _note(kind, what):
    with open(os.getenv("RTC") + "." + kind, "a") as file: file.write(json.dumps(what) + "\\n")
class WLAN:
    _in = _on = _address = _bssid = None
    _reason = STAT_IDLE  # an ESP32 keeps it until it has joined
    def __init__(self, which): pass
    def active(self, on=None):
        if on is not None: WLAN._on = on
        return self._on
    if os.getenv("NO_RTC"):
        def deinit(self): WLAN._in = False
    def connect(self, ssid, password=None, *, bssid=None, **more):
        if more and not os.getenv("NO_RTC"): raise TypeError("extra keyword arguments given")
        _note("joins", {"bssid": bssid and bssid.hex(), "address": self._address})
        WLAN._bssid = bssid
        WLAN._in = ssid != "nowhere" and not os.getenv("NO_WIFI") and bssid in (None, _access_point())
        if not self._in: WLAN._reason = STAT_NO_AP_FOUND
    def disconnect(self): WLAN._in = False
    def isconnected(self): return bool(self._in)
    def ifconfig(self, *args):
        if args: WLAN._address = args[0]
        return ("127.0.0.1",) * 4
    def config(self, what=None, **settings):
        if settings and os.getenv("NO_RTC"): raise ValueError("unknown config param")
        if settings: return
        if what != "channel": raise ValueError("unknown config param")
        return 6
    def scan(self):
        _note("scans", 1)
        name = b"" if os.getenv("HIDDEN") else b"home"
        other = b"\\7" * 6
        found = [(b"else", other, 6, -20, 3, False), (b"home", other, 11, -30, 3, False), (name, other, 6, -90, 3, False)]
        return found + [(name, _access_point(), 6, -50, 3, False)]
    def status(self, what=None):
        if what: return -50
        # Of an access point that it was told, an ESP32 says for a while, or for ever, that it is looking.
        return STAT_GOT_IP if self._in else STAT_CONNECTING if self._bssid and os.getenv("LOOKING") else self._reason
"""


class SmallBoard:
    """A context manager; `flash` is the board's folder, `output` what it has printed, `sleeps` its sleeps in ms.

    `hurry` divides the length of deep sleeps. A watchdog that was started bites as soon as the program prints "standing still".
    """

    def __init__(self, folder: Path, *, hurry: int = 1) -> None:
        self.flash = folder / "flash"
        self.output = ""
        self.starts = 0
        self.sleeps: list[int] = []
        self.hurry = hurry
        self.bites = 0  # of the watchdog
        self.patience = 0  # of the watchdog when it was fed last, in ms
        self.fed_at: list[int] = []  # how much had been printed each time that the watchdog was fed
        self.environment: dict[str, str] = {}
        self._shim = folder / "chip"
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._off = threading.Event()
        self._cause = 1
        for place in (self.flash, self._shim):
            place.mkdir(parents=True)
        (self._shim / "machine.py").write_text(_MACHINE)
        (self._shim / "network.py").write_text(_NETWORK)
        shutil.copy(FIRMWARE / "main.py", self.flash)

    def hasten(self) -> None:
        """Have it start again at once after an error, not in 5 s."""
        main = self.flash / "main.py"
        text = main.read_text()
        assert "time.sleep(5)" in text
        main.write_text(text.replace("time.sleep(5)", "time.sleep(0)"))

    @property
    def rtc(self) -> Path:
        """The file with the RTC's memory."""
        return self._shim / "rtc"

    def joins(self) -> list[dict[str, Any]]:
        """How it has joined its network each time: `bssid`, in hexadecimal or None, and its `address`."""
        return [json.loads(line) for line in self._noted("joins")]

    def scans(self) -> int:
        """How often it has looked for networks."""
        return len(self._noted("scans"))

    def _noted(self, kind: str) -> list[str]:
        notes = self.rtc.with_suffix(f".{kind}")
        return notes.read_text().splitlines() if notes.exists() else []

    def install(self, image: dict[str, bytes], slot: str = "a", *, key: str = KEY) -> None:
        """Put a version into a folder of the flash, and the key for updates beside it."""
        (self.flash / "key").write_text(key)
        for path, content in image.items():
            file = self.flash / slot / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def power_on(self, cause: int = 1) -> None:
        """Run, until the power is cut; with another cause than 1, the power, the RTC's memory is what it was."""
        self._off.clear()
        self._cause = cause
        if cause == 1:
            self.rtc.unlink(missing_ok=True)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut_power(self) -> None:
        """Stop at once, whatever it does."""
        self._off.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
        if self._thread is not None:
            self._thread.join(10)

    def wait_for(self, text: str, seconds: float = 40.0) -> None:
        """Wait until it has printed something."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output}"
            time.sleep(0.01)

    def __enter__(self) -> SmallBoard:
        self.power_on()
        return self

    def __exit__(self, *exc: object) -> None:
        self.cut_power()

    def _run(self) -> None:
        while not self._off.is_set():
            pause = self._once()
            if self._off.wait(pause):
                return

    def _once(self) -> float:
        """One start; returns the seconds until the next."""
        self.starts += 1
        path = os.pathsep.join(map(str, (self._shim, ".frozen", FIRMWARE / "none")))
        environment = {
            **os.environ,
            "MICROPYPATH": path,
            "CAUSE": str(self._cause),
            "RTC": str(self._shim / "rtc"),
            **self.environment,
        }
        process = self._process = subprocess.Popen(
            [MICROPYTHON.command[0], "-X", f"heapsize={HEAP}", "main.py"],
            cwd=self.flash,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        pause, self._cause = 0.05, 2
        watched = False
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("\1"):
                what, _, number = line[1:].strip().partition(" ")
                if what == "sleep":
                    self.sleeps.append(int(number))
                    pause, self._cause = int(number) / 1000 / self.hurry, 4
                process.kill()
                break
            if line.startswith("\2"):
                self.sleeps.append(int(line[1:]))
                continue
            if line.startswith("\3"):
                watched = True
                self.patience = int(line[1:])
                self.fed_at.append(len(self.output))
                continue
            self.output += line
            if watched and line == "standing still\n":
                self.bites += 1
                self._cause = 3
                process.kill()
                break
        process.stdout.close()
        process.wait()
        return pause


def firmware(
    config: dict[str, Any], *, devices: tuple[str, ...] = (), patches: dict[str, str] | None = None
) -> dict[str, bytes]:
    """An image from the sources of this checkout; `patches` are files that are different, or more."""
    image = dict(_compiled(devices, bool(config.get("sleep"))))
    for path, text in (patches or {}).items():
        image.pop(path.removesuffix(".py") + ".mpy", None)
        image[path] = text.encode()
    image["board.json"] = json.dumps(config).encode()
    return image


@cache
def _compiled(devices: tuple[str, ...], sleeps: bool) -> dict[str, bytes]:
    from msgflo_host.boards.bytecode import compile_modules
    from msgflo_host.boards.firmware_modules import collect_modules

    roots = ["board", "board.update", "board.sleeper", *(f"devices.{each}" for each in devices)]
    found = collect_modules(
        [FIRMWARE, UMQTT],
        [*roots, "umqtt.simple"],
        lambda _, module: not ("paho" in module or (sleeps and "persistent" in module)),
    )
    names = {str(_path(module, file)): file for module, file in found.items()}
    return {name.removesuffix(".py") + ".mpy": code for name, code in compile_modules(names, "").items()}


def config(broker: str, **changes: Any) -> dict[str, Any]:
    """A compiled port map."""
    return {
        "format": 1,
        "name": "shed",
        "chip": "esp32",
        "version": "1" * 12,
        "built": 1764000000,
        "wifi": {"ssid": "home", "password": "secret"},
        "broker": _address(broker),
        "log": {"level": "info", "topic": False},
        "watchdog": False,
        "i2c": [],
        "devices": [],
        **changes,
    }


def _address(url: str) -> dict[str, Any]:
    broker = msgflo.Broker.parse(url)
    return {"host": broker.host, "port": broker.port}


def _path(module: str, file: Path) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if file.name == "__init__.py" else path.with_suffix(".py")
