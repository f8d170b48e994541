"""The first thing that a sleeping board does when it wakes up: it begins to join its network.

That takes as long as loading all the rest, and goes on meanwhile.
"""

import json
import sys
from binascii import crc32

import machine

from .wifi import Wifi

__all__ = ("due", "join", "pack", "recall", "where")


def pack(state, lines):
    """Return what the RTC's memory is to hold: a checksum, the state of the sleeper, and its readings, a line each."""
    rest = b"\n".join([" ".join([str(each) for each in state]).encode()] + lines)
    return b"%08x\n" % crc32(rest) + rest


def recall(memory, version):
    """Return the state and the lines that `pack` was given; None for what is spoilt, not ours or of another version."""
    checksum, _, rest = memory.partition(b"\n")
    if checksum != b"%08x" % crc32(rest):
        return None
    head, *lines = rest.split(b"\n")
    head = head.decode().split()
    return ([version] + [int(each) for each in head[1:]], lines) if head[0] == version else None


def where(place):
    """Return options to join by, for Wifi.start: `place` is the BSSID, 6 bytes of a number, then the channel; 0: unknown."""
    found = {}
    if place:
        found["channel"] = place & 255
    if place > 255:
        found["bssid"] = (place >> 8).to_bytes(6, "big")
    return found


def due(state, sleep):
    """Tell whether a wake-up is to be in touch; `state` is what the sleeper keeps, before it has counted this wake-up."""
    return state[2] or state[3] + 1 >= sleep.get("batch", 1)


def join():
    """Begin to join the network, if the sleeper will want it."""
    with open(sys.path[0] + "/board.json") as file:
        config = json.load(file)
    found = recall(machine.RTC().memory(), config["version"])
    if found and found[0][1] and due(found[0], config["sleep"]):
        try:
            Wifi(config["wifi"]).start(**where(found[0][6]))
        except OSError:
            pass  # then the sleeper sees that there is no network
