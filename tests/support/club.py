"""The system of a club: 64 nodes and 105 edges, wired as such systems grow, and what makes it live.

Rooms that are alike, and in the midst of them a few nodes that hear everyone or are heard by everyone.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.wire import connect, publish_frame
from brokers import Broker
from browser import running
from systems import Coordinator

ROOMS = ("workshop", "kitchen", "lounge", "studio", "library", "cellar", "roof", "entrance")
SCREENS = tuple(f"screen-{place}" for place in ("bar", "door", "lounge", "roof", "stairs", "stage"))
SPEAKERS = tuple(f"speaker-{place}" for place in ("bar", "lounge", "stage", "workshop"))
METERS = tuple(f"meter-{what}" for what in ("heating", "kitchen", "laser-cutter", "servers", "workshop"))

Edge = tuple[str, str]  # node.port, node.port


def _room(room: str) -> list[Edge]:
    logic, lamp, climate = f"{room}-logic", f"{room}-lamp", f"{room}-climate"
    return [
        (f"{room}-button.pressed", f"{logic}.pressed"),
        (f"{room}-motion.detected", f"{logic}.motion"),
        (f"{logic}.on", f"{lamp}.on"),
        (f"{logic}.colour", f"{lamp}.colour"),
        (f"{room}-motion.detected", "presence.motion"),
        (f"{climate}.temperature", "climate-log.temperature"),
        (f"{climate}.humidity", "climate-log.humidity"),
        ("mode.mode", f"{logic}.mode"),
        ("clock.evening", f"{logic}.evening"),
    ]


EDGES: tuple[Edge, ...] = (
    *itertools.chain.from_iterable(map(_room, ROOMS)),
    *(("slides.picture", f"{screen}.picture") for screen in SCREENS),
    *(("announcer.speech", f"{speaker}.speech") for speaker in SPEAKERS),
    *((f"{meter}.power", "energy.power") for meter in METERS),
    ("door-reader.card", "door-lock.open"),
    ("door-reader.card", "presence.card"),
    ("door-reader.card", "announcer.guest"),
    ("presence.count", "slides.count"),
    ("presence.count", "mode.count"),
    ("presence.count", "door-lock.count"),
    ("presence.count", f"{SCREENS[0]}.text"),
    ("clock.evening", "announcer.evening"),
    ("clock.hour", "slides.hour"),
    ("mode.mode", "announcer.mode"),
    ("mode.mode", "slides.mode"),
    ("energy.total", "climate-log.power"),
    ("energy.total", "mode.power"),
    ("energy.total", f"{SCREENS[1]}.text"),
    ("climate-log.alert", "announcer.alert"),
    ("climate-log.alert", f"{SCREENS[2]}.text"),
    ("announcer.text", f"{SCREENS[3]}.text"),
    ("door-lock.state", f"{SCREENS[4]}.text"),
)
NODES: tuple[str, ...] = tuple(dict.fromkeys(end.split(".")[0] for edge in EDGES for end in edge))
OUTPORTS: tuple[str, ...] = tuple(dict.fromkeys(src for src, _ in EDGES))
assert (len(NODES), len(EDGES)) == (64, 105)


def component(node: str) -> str:
    """What a node is: those of all rooms are alike."""
    kind = node.rsplit("-", 1)[-1] if node.split("-")[0] in ROOMS else node.split("-")[0]
    return f"club/{kind.title()}"


def graph() -> str:
    """The graph as a JSON file, without positions: whoever shows it lays it out."""
    ends = [[end.split(".") for end in edge] for edge in EDGES]
    return json.dumps(
        {
            "properties": {"name": "main", "environment": {"type": "msgflo"}},
            "processes": {node: {"component": component(node), "metadata": {}} for node in NODES},
            "connections": [
                {"src": {"process": src[0], "port": src[1]}, "tgt": {"process": tgt[0], "port": tgt[1]}}
                for src, tgt in ends
            ],
        }
    )


def _participant(node: str) -> dict[str, Any]:
    def ports(ends: Iterator[str]) -> list[dict[str, Any]]:
        own = dict.fromkeys(end.split(".")[1] for end in ends if end.split(".")[0] == node)
        return [{"id": port, "type": "any", "queue": f"club/{node}/{port}"} for port in own]

    return {
        "id": node,
        "role": node,
        "component": component(node),
        "label": f"The {node.replace('-', ' ')} of the club",
        "icon": "cog",
        "inports": ports(tgt for _, tgt in EDGES),
        "outports": ports(src for src, _ in EDGES),
        "connection": "club",
        "period": 600,
    }


@contextmanager
def devices(port: int) -> Iterator[Devices]:
    """All participants on the broker on this port, alive until the block ends."""
    with connect(port, "club") as client:
        frames = [publish_frame("fbp/connection/club", b"online", retain=True)]
        for node in NODES:
            message = {"protocol": "discovery", "command": "participant", "payload": _participant(node)}
            frames.append(publish_frame(f"fbp/participant/{node}", json.dumps(message).encode(), retain=True))
        client.sendall(b"".join(frames))
        yield Devices(client)


class Devices:
    """What the participants send."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, outport: str, value: Any) -> None:
        """Send one packet from `node.port`."""
        self._client.sendall(publish_frame(f"club/{outport.replace('.', '/')}", json.dumps(value).encode()))

    @contextmanager
    def stream(self, rate: float, outports: tuple[str, ...] = OUTPORTS) -> Iterator[None]:
        """Send so many packets a second, from each of these outports in turn, until the block ends."""
        ended = threading.Event()
        thread = threading.Thread(target=self._stream, args=(rate, outports, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(5)

    def _stream(self, rate: float, outports: tuple[str, ...], ended: threading.Event) -> None:
        at_once = max(1, round(rate / 100))
        begin = time.monotonic()
        for number in itertools.count(step=at_once):
            if ended.wait(max(0.0, begin + number / rate - time.monotonic())):
                return
            for each in range(number, number + at_once):
                self.send(outports[each % len(outports)], {"number": each})


@contextmanager
def system(folder: Path) -> Iterator[tuple[Coordinator, Devices]]:
    """The whole system in a folder: a broker, the devices, and a coordinator that knows them to be alive."""
    with (
        Broker() as broker,
        devices(broker.port) as all_devices,
        running(folder, graph(), broker=broker.url, suffix=".json") as coordinator,
    ):
        coordinator.wait(lambda status: all(node["state"] == "alive" for node in status["nodes"]))
        yield coordinator, all_devices
