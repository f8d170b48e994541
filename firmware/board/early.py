"""What a board that sleeps does before all else when it wakes up: it begins to join its network.

That takes as long as loading all the rest, and goes on meanwhile.
"""

import json
import sys

import machine

from .wifi import Wifi

__all__ = ("due", "join")


def due(state, sleep):
    """Tell whether a wake-up is to be in touch; `state` is what the sleeper keeps, before it has counted this wake-up."""
    return state[2] or state[3] + 1 >= sleep.get("batch", 1)


def join():
    """Begin to join the network, if the sleeper will want it."""
    with open(sys.path[0] + "/board.json") as file:
        config = json.load(file)
    state = machine.RTC().memory().split(b"\n")[0].decode().split()
    if len(state) != 6 or state[0] != config["version"] or state[1] != "1":
        return
    if due([0] + [int(number) for number in state[1:]], config["sleep"]):
        try:
            Wifi(config["wifi"]).start()
        except OSError:
            pass  # then the sleeper sees that there is no network
