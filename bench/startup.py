"""How long after a coordinator's start the first message is routed, with few and many participants there.

The participants form a ring: an edge from each to the next. They are there before the coordinator is, as after its
restart. Those without our library are announced at the moment at which the coordinator subscribes to discovery messages
(in reality they repeat it every half minute only); ours stand in retained topics.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

from .broker import Mosquitto
from .routers import OURS, Coordinator, Kind, announce, device
from .routing import Figures
from .wire import connect, publish_frame, subscribe

__all__ = ("direct", "forwarded")

_TIMEOUT = 60.0
_PROBES_EVERY = 0.002


def forwarded(kind: Kind, count: int) -> Figures:
    """Seconds until a message has crossed the first edge, and until one has crossed the last, all of them forwarded."""
    participants = [device(f"p{i}", {"in": f"p{i}/in"}, {"out": f"p{i}/out"}) for i in range(count)]
    first, last = f"p{1 % count}/in", "p0/in"
    with Mosquitto() as broker, connect(broker.port, "bench-receiver") as receiver:
        subscribe(receiver, sorted({first, last}))
        receiver.settimeout(_PROBES_EVERY)
        started = time.perf_counter()
        with Coordinator(kind, broker, _ring(count)) as coordinator, connect(broker.port, "bench-sender") as sender:
            coordinator.wait_until_it_listens()
            announce(broker.port, participants)
            probes = publish_frame("p0/out", b"0") + publish_frame(f"p{count - 1}/out", b"0")
            arrived = _watch(receiver, {first.encode(), last.encode()}, started, lambda: sender.sendall(probes))
            return {"first edge": arrived[first.encode()], "last edge": arrived[last.encode()]}


def direct(count: int) -> Figures:
    """Seconds until the first and the last participant of ours has been told what to subscribe to."""
    with Mosquitto() as broker, connect(broker.port, "bench-devices") as devices:
        frames = [publish_frame("fbp/connection/bench-devices", b"online", retain=True)]
        for i in range(count):
            ours = {"connection": "bench-devices", "period": 60, "bind": f"fbp/bind/p{i}", "confirms": True}
            payload = device(f"p{i}", {"in": f"p{i}/in"}, {"out": f"p{i}/out"}) | ours
            message = {"protocol": "discovery", "command": "participant", "payload": payload}
            frames.append(publish_frame(f"fbp/participant/p{i}", json.dumps(message).encode(), retain=True))
        devices.sendall(b"".join(frames))
        topics = {f"fbp/bind/p{i}".encode() for i in range(count)}
        with connect(broker.port, "bench-receiver") as receiver:
            subscribe(receiver, ["fbp/bind/+"])
            receiver.settimeout(1)
            started = time.perf_counter()
            with Coordinator(OURS, broker, _ring(count)):
                arrived = _watch(receiver, topics, started, lambda: None)
            return {"first edge": min(arrived.values()), "last edge": max(arrived.values())}


def _ring(count: int) -> dict[str, object]:
    return {
        "properties": {"name": "main", "environment": {"type": "msgflo"}},
        "processes": {f"p{i}": {"component": "bench/Device", "metadata": {}} for i in range(count)},
        "connections": [
            {"src": {"process": f"p{i}", "port": "out"}, "tgt": {"process": f"p{(i + 1) % count}", "port": "in"}}
            for i in range(count)
        ],
    }


def _watch(
    receiver: socket.socket, topics: set[bytes], started: float, stimulate: Callable[[], None]
) -> dict[bytes, float]:
    """Receive until each topic has had a message; returns how many seconds after `started` each had its first."""
    waiting, arrived, seen = set(topics), {}, b""
    while waiting:
        if time.perf_counter() - started > _TIMEOUT:
            raise TimeoutError(f"{len(waiting)} of {len(topics)} topics had no message within {_TIMEOUT:.0f} s")
        stimulate()
        try:
            seen = seen[-256:] + receiver.recv(1 << 20)
        except TimeoutError:
            continue
        now = time.perf_counter() - started
        for topic in [topic for topic in waiting if _frame_of(topic) in seen]:
            arrived[topic] = now
            waiting.discard(topic)
    return arrived


def _frame_of(topic: bytes) -> bytes:
    return len(topic).to_bytes(2, "big") + topic  # with its length, so that p1 is not found in p10
