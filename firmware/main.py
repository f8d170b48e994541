"""Starts a board: chooses the version that runs, counts the starts that fail, and goes back to the version before.

What runs lies in one of two folders, `a` and `b`; `slot.json` says in which. An update puts itself into the other one, on
trial: unless it reaches the broker within its first starts, the board goes back. A version that is gone or not whole gives
way to the other one, too. After five starts in a row that ended without having reached the broker, of whatever version, a
start is in safe mode: only network, log and update run. To switch the power off and on begins to count anew, if the board
has lived for a minute.
"""

import json
import os
import sys
import time

import machine

_dog = None  # of a version on trial


def _read(path, default):
    try:
        with open(path) as file:
            value = json.load(file)
            return value if isinstance(value, type(default)) else default
    except (OSError, ValueError):
        return default


def _write(path, value):
    # As in board/starts.py, but this file is to work with any version, and without. A full flash does not end a start.
    try:
        with open(path + ".tmp", "w") as file:
            json.dump(value, file)
        os.rename(path + ".tmp", path)
    except OSError as error:
        print("board: cannot write {} ({}): is the flash full?".format(path, error))


def _go_back(trial, why):
    print("board: the new version is no good ({}); going back to the one before".format(why))
    _write("slot.json", {"slot": trial["back"], "failed": why})
    machine.reset()


def _tried(slot):
    """Count a start of a version that is on trial: `{"left": starts, "back": folder of the version before}`."""
    global _dog
    trial = slot["trial"]
    if trial["left"] <= 0:
        _go_back(trial, "three starts did not reach the broker")
    trial["left"] -= 1
    _write("slot.json", slot)
    _dog = machine.WDT(timeout=8000)  # for a version that stands still; the board's own goes on feeding it


def _count():
    """Return how many starts in a row ended without having reached the broker."""
    cause = machine.reset_cause()
    starts = _read("starts", 0)
    if starts < 0:  # the last one has lived for a minute: board/starts.py
        # Who pulls the plug five times while there is no broker does not want safe mode. Sooner it may be a supply that
        # breaks down as soon as the devices are on: an ESP32 says that of it as well, an RP2 of all but the watchdog.
        starts = 0 if cause == machine.PWRON_RESET else -starts
    # A sleeper wakes up too often for its flash to be written each time, and finding no network is no failure of its.
    if starts or cause != getattr(machine, "DEEPSLEEP_RESET", None):
        _write("starts", starts + 1)
    return starts


def _start():
    slot = _read("slot.json", {})
    folder = slot.get("slot", "a")
    if slot.get("trial"):
        _tried(slot)
    sys.path.insert(0, folder)
    import board

    safe = _count() >= 5
    # Memory that is needed no more: 2 KB, most of it for what MicroPython's own start has left here, rp2. A driver that needs
    # that one loads it again.
    for name in ("rp2", "_tried", "_count"):
        globals().pop(name, None)
    sys.modules.pop("rp2", None)
    board.run(folder, safe)


try:
    _start()
except KeyboardInterrupt:
    # Somebody is at the serial port. A watchdog cannot be stopped, so a timer feeds it from here on.
    if _dog:
        _timer = machine.Timer(0 if sys.platform == "esp32" else -1)
        _timer.init(period=1000, callback=lambda timer: _dog.feed())
    elif "board.watchdog" in sys.modules:
        sys.modules["board.watchdog"].hand_over()
    print("board: stopped by Ctrl-C; Ctrl-D starts again")
except SystemExit:
    raise
except BaseException as error:
    sys.print_exception(error)
    _slot = _read("slot.json", {})  # anew: the trial may be over
    if _slot.get("trial"):
        _go_back(_slot["trial"], "{}: {}".format(type(error).__name__, error))
    _slot = "a" if _slot.get("slot") == "b" else "b"
    if isinstance(error, ImportError) and _slot in os.listdir():
        # slot.json was lost, or a power cut has left half of a version.
        print("board: trying what is in {}".format(_slot))
        _write("slot.json", {"slot": _slot})
    print("board: ended by an error; starting again in 5 s, Ctrl-C prevents it")
    time.sleep(5)
    machine.reset()
