"""What is noted on the board about its starts; `main.py` acts on it."""

import asyncio
import json
import os

import machine

__all__ = ("limit", "on_trial", "reached", "read", "write")

TRIAL = 60  # s in which a start reaches the broker


def reached():
    """Note that this start has reached the broker: it is no failed one, and a version on trial may stay."""
    if read("starts"):
        write("starts", 0)
    slot = read("slot.json")
    if isinstance(slot, dict) and slot.pop("trial", None):
        write("slot.json", slot)


def on_trial():
    """Tell whether this version has not reached the broker yet since it was put in place of another."""
    slot = read("slot.json")
    return isinstance(slot, dict) and bool(slot.get("trial"))


async def limit(connected):
    """End this start, if the version is on trial and does not reach the broker; else note that it has lived so long."""
    await asyncio.sleep(TRIAL)
    if connected():
        return
    if on_trial():
        print("board: on trial, and the broker was not reached within {} s".format(TRIAL))
        machine.reset()
    starts = read("starts")
    if starts:
        write("starts", -abs(starts))


def write(path, value):
    """Write a file as JSON: whole or not at all, for the power may go at any moment."""
    with open(path + ".tmp", "w") as file:
        json.dump(value, file)
    os.rename(path + ".tmp", path)


def read(path):
    """Return what `write` has written; None where there is nothing."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
