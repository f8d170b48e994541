"""Notes on the board about its starts; `main.py` acts on it."""

import asyncio
import json
import os

import machine

from . import log

__all__ = ("limit", "on_trial", "reached", "read", "write")

TRIAL = 60  # s in which a start reaches the broker


_noted = False


def reached():
    """Note that this start has reached the broker: it is no failed one, and a version on trial may stay.

    Only the first call does: an update that has come since may have put the next version on trial.
    """
    global _noted
    if _noted:
        return
    if read("starts"):
        write("starts", 0)
    slot = read("slot.json")
    _noted = not (isinstance(slot, dict) and slot.pop("trial", None)) or write("slot.json", slot)


def on_trial():
    """Tell whether this version has not reached the broker yet since it was put in place of another."""
    slot = read("slot.json")
    return isinstance(slot, dict) and bool(slot.get("trial"))


async def limit(attempts, connected):
    """End this start, if it does not reach the broker and is of a version on trial, or does not even go on trying.

    `attempts()` is that of `watchdog.watch`; one for which the memory is too short is none. That the start has lived for
    so long is noted.
    """
    last = 0
    while True:
        await asyncio.sleep(TRIAL)
        if connected():
            return
        try:
            trial = on_trial()
            if attempts() != last and not trial:
                last = attempts()
                starts = read("starts") or 0
                if starts > 0:
                    write("starts", -starts)
                continue
            print("board: {}the broker was not reached within {} s".format("on trial, and " * trial, TRIAL))
        except MemoryError:
            pass  # not even for that
        machine.reset()


def write(path, value):
    """Write a file as JSON, whole or not at all, for the power may go at any moment; returns whether there was room."""
    try:
        with open(path + ".tmp", "w") as file:
            json.dump(value, file)
        os.rename(path + ".tmp", path)
        return True
    except OSError as e:
        log.error("cannot write {} ({}): is the flash full?".format(path, e))
        return False


def read(path):
    """Return what `write` has written; None where there is nothing."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
