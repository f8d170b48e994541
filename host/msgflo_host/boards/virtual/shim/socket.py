"""`socket` on a virtual board: an address of the broker is that of the relay that stands for the board's Wi-Fi."""

import json
import os

import usocket

_broker, _relay = json.loads(os.getenv("MSGFLO_RELAY") or "[0, 0]")


def getaddrinfo(host, port, *more):
    """As usual, but for the broker."""
    if [host, port] == _broker:
        host, port = _relay
    return usocket.getaddrinfo(host, port, *more)


def __getattr__(name):
    return getattr(usocket, name)
