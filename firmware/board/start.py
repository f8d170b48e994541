"""The start of a board: opens what the compiled port map names; needed once, and forgotten afterwards."""

import gc
import json
import sys

import machine
from msgflo import Broker, Participant, Port, Session
from msgflo._platform import Transport

from . import log, watchdog
from .hardware import Hardware
from .messages import Messages
from .participant import Board
from .starts import on_trial
from .wifi import Wifi

__all__ = ("prepare",)

# Of the board's own participant. They are here because this module is forgotten, and so are they then.
_IDENTIFY = ("Anything: it says so in its log, having no LED", "Anything: the board's LED blinks for 5 s")
_INPORTS = (
    Port("restart", "any", "true: start anew"),
    Port("stay-awake", "boolean", "Keep a sleeping board awake"),
    Port("log-level", "string", "error, info or debug"),
    Port("update", "buffer", "From `msgflo board update`", raw=True, qos=1),
)
_OUTPORTS = (
    Port("signal", "number", "Wi-Fi, in dBm", state=True),
    Port("memory", "number", "Free memory, in bytes", state=True),
    Port("uptime", "number", "Seconds since the start", state=True),
    Port("reset", "string", "Why it started", state=True),
    Port("version", "string", "Of what runs on it", state=True),
    Port("mode", "string", "normal, or safe: without devices", state=True),
    Port("errors", "number", "Since the start", state=True),
    Port("log", "string", "What it says"),
    Port("update-status", "object", "For `msgflo board update`", qos=1),
)
_LARGEST = 4096  # bytes of a packet; a larger one is skipped and reported
_HISTORY = Port("history", "object", "Readings with their ages in s, by topic", qos=1)


def prepare(folder, safe):
    """Return (compiled port map, Wi-Fi, session of all participants, of which the board is the first).

    A device that fails at its start is reported, and the others run; with `safe` there are none.
    """
    with open(folder + "/board.json") as file:
        config = json.load(file)
    log.level = log.LEVELS.index(config["log"]["level"])
    if config["watchdog"] or on_trial():
        watchdog.begin()  # now: a driver may stand still for ever when its device is made
    log.info("{} {}{}".format(config["name"], config["version"], ", safe mode: without devices" if safe else ""))
    wifi = Wifi(config.pop("wifi"))
    devices = config.pop("devices")
    sleep = config.get("sleep")
    if sleep:
        # Until it is to be heard again, once more if that fails.
        Participant.period = sleep["every"] * (sleep.get("batch", 1) + 1)
    led = _led(config.pop("led", None), devices)
    board = Board(
        config["name"] + "-board",
        (Port("identify", "any", _IDENTIFY[led is not None]),) + _INPORTS,
        _OUTPORTS + (_HISTORY,) if sleep else _OUTPORTS,
        version=config["version"],
        mode="safe" if safe else "normal",
        wifi=wifi,
        led=led,
    )
    Transport.max_packet = _LARGEST
    settings = config.pop("broker")
    broker = Broker(settings["host"], settings["port"], user=settings.get("user"), password=settings.get("password"))
    if settings.get("tls"):
        broker.tls = True
        broker.cafile = folder + "/" + settings["cafile"]
    # The stubs think that the default tells the type.
    session = Session(
        [board],
        broker,  # pyright: ignore[reportArgumentType]
        client_id=config["name"],
        log=log.error,
        info=log.info,
        messages=Messages(),
    )
    if config["log"]["topic"]:
        log.listener = lambda text: board.send("log", text)
    if not safe:
        hardware = Hardware(config["i2c"], log.error)
        for device in devices:
            _add(session, device, hardware)
        for participant in session.participants:
            # The descriptions of these ports are in the message.
            type(participant).inports = type(participant).outports = ()
    return config, wifi, session


def _add(session, device, hardware):
    gc.collect()
    watchdog.feed()
    try:
        module = __import__("devices." + device["module"], None, None, ("create",))
        session.add(module.create(device["role"], device.get("topics"), device.get("options") or {}, hardware))
    except Exception as e:  # of whatever kind: a wrong pin, a part that is not there, a fault of the driver's
        log.error("{} ({}): {}".format(device["role"], device["module"], str(e) or type(e).__name__))
        if not isinstance(e, OSError):
            sys.print_exception(e)  # pyright: ignore[reportAttributeAccessIssue]


def _led(wired, devices):
    """Return the LED by which the board can be told from others: of the port map, or else its own; None where it has none.

    `wired` is its pin, and the level when it is dark. Its own one is None as well where a device uses it.
    """
    try:
        if wired:
            return machine.Pin(wired[0], machine.Pin.OUT, value=wired[1])
        if any("LED" in device.get("options", {}).values() for device in devices):
            return None
        return machine.Pin("LED", machine.Pin.OUT)
    except (ValueError, TypeError):
        return None  # an ESP32 knows no LED by that name
