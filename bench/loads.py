"""Loads put on a source topic and what comes out of a target topic, over raw sockets.

All frames of one load have one size, so a receiver counts messages by counting bytes and hardly costs anything: on a
small machine a heavier one would hide the differences that are to be seen.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import threading
import time
from dataclasses import dataclass

from .wire import connect, publish_frame, subscribe

__all__ = ("PAYLOAD", "Flow", "Latency", "burst", "fan_out", "latency", "wait_until_routed", "window")

PAYLOAD = b'"' + b"x" * 62 + b'"'  # 64 bytes, and JSON that a router may parse and write again without changing it
_STALL = 3.0  # seconds without a message after which the rest counts as lost
_CHUNK = 200  # messages per system call of the sender


@dataclass
class Flow:
    """How many of the messages sent arrived, and how fast."""

    sent: int
    received: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages received a second."""
        return self.received / self.seconds

    @property
    def lost(self) -> int:
        """Messages that did not arrive; negative when some arrived twice."""
        return self.sent - self.received


@dataclass
class Latency:
    """Times from sending to receiving, in milliseconds."""

    p50: float
    p99: float
    lost: int


def burst(port: int, sources: list[str], targets: list[str], count: int) -> Flow:
    """Send `count` messages as fast as the broker takes them, the sources in turn; all targets on one connection."""
    return _pour(port, sources, [targets], count, copies=1)


def fan_out(port: int, source: str, targets: list[str], count: int, *, limit: float = 10) -> Flow:
    """Send `count` messages to one source, received on every target by a connection each, for at most `limit` s."""
    return _pour(port, [source], [[target] for target in targets], count, copies=len(targets), limit=limit)


def window(port: int, source: str, target: str, count: int, size: int = 200) -> Flow:
    """Keep at most `size` messages under way: each that arrives lets the next one go."""
    frame, length = publish_frame(source, PAYLOAD), len(publish_frame(target, PAYLOAD))
    many = frame * size
    with connect(port, "bench-sender") as sender, _receiver(port, "bench-receiver", [target]) as receiver:
        buffer = bytearray(1 << 20)
        started = last = time.perf_counter()
        sender.sendall(many)
        sent, got = size, 0
        try:
            while got < count * length:
                got += receiver.recv_into(buffer)
                more = min(got // length + size, count) - sent
                if more > 0:
                    sender.sendall(memoryview(many)[: more * len(frame)])
                    sent += more
                last = time.perf_counter()
        except TimeoutError:
            pass
        return Flow(count, got // length, last - started)


def latency(port: int, source: str, target: str, *, seconds: float = 3, rate: int = 500) -> Latency:
    """Send `rate` messages a second, evenly, and time each."""
    count, length = int(seconds * rate), len(publish_frame(target, PAYLOAD))
    times: list[float] = []

    def receive(receiver: socket.socket) -> None:
        rest = b""
        try:
            while len(times) < count:
                rest += receiver.recv(1 << 16)
                now = time.perf_counter_ns()
                while len(rest) >= length:
                    times.append((now - int(rest[length - 63 : length - 43])) / 1e6)
                    rest = rest[length:]
        except TimeoutError:
            pass

    with connect(port, "bench-sender") as sender, _receiver(port, "bench-receiver", [target]) as receiver:
        thread = threading.Thread(target=receive, args=(receiver,))
        thread.start()
        due = time.perf_counter()
        for _ in range(count):
            due += 1 / rate
            time.sleep(max(0, due - time.perf_counter()))
            sender.sendall(publish_frame(source, b'"%020d%s"' % (time.perf_counter_ns(), b"x" * 42)))
        thread.join()
    if len(times) < 2:
        raise RuntimeError(f"of {count} messages on {source} {len(times)} came out on {target}")
    cuts = statistics.quantiles(times, n=100)
    return Latency(statistics.median(times), cuts[98], count - len(times))


def wait_until_routed(port: int, sources: list[str], targets: list[str], timeout: float = 60) -> None:
    """Send to the sources until every target has had a message and nothing more is under way; raises TimeoutError."""
    probe = b"".join(publish_frame(source, b"0") for source in sources)
    waiting = {target.encode() for target in targets}
    deadline = time.monotonic() + timeout
    with connect(port, "bench-prober") as sender, _receiver(port, "bench-probed", targets, stall=0.2) as receiver:
        seen = b""
        while waiting:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} of {len(targets)} targets had no message within {timeout:.0f} s")
            sender.sendall(probe)
            try:
                seen = seen[-256:] + receiver.recv(1 << 20)
            except TimeoutError:
                continue
            waiting = {target for target in waiting if target not in seen}
        try:
            while receiver.recv(1 << 20):
                pass
        except TimeoutError:
            pass


def _pour(
    port: int, sources: list[str], groups: list[list[str]], count: int, *, copies: int, limit: float = 300
) -> Flow:
    frames = [publish_frame(source, PAYLOAD) for source in sources]
    length, expected = len(publish_frame(groups[0][0], PAYLOAD)), count * copies
    receivers = [_receiver(port, f"bench-receiver-{i}", group) for i, group in enumerate(groups)]
    with connect(port, "bench-sender") as sender:
        thread = threading.Thread(target=_send_all, args=(sender, frames, count))
        started = time.perf_counter()
        thread.start()
        got, ended = _count_bytes(receivers, expected * length, started + limit)
        thread.join()
    for receiver in receivers:
        receiver.close()
    return Flow(expected, got // length, ended - started)


def _send_all(sender: socket.socket, frames: list[bytes], count: int) -> None:
    turns = max(1, _CHUNK // len(frames))
    chunk = memoryview(b"".join(frames) * turns)
    size = len(frames) * turns
    sender.settimeout(None)
    for _ in range(count // size):
        sender.sendall(chunk)
    sender.sendall(chunk[: count % size * len(frames[0])])


def _count_bytes(receivers: list[socket.socket], expected: int, deadline: float) -> tuple[int, float]:
    buffer, got = bytearray(1 << 20), 0
    now = last = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for receiver in receivers:
            selector.register(receiver, selectors.EVENT_READ)
        while got < expected and now < deadline:
            ready = selector.select(_STALL)
            now = time.perf_counter()
            if not ready:
                break
            for key, _ in ready:
                got += key.fileobj.recv_into(buffer)  # type: ignore[union-attr]
            last = time.perf_counter()
    return got, last


def _receiver(port: int, client_id: str, topics: list[str], *, stall: float = _STALL) -> socket.socket:
    sock = connect(port, client_id)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    subscribe(sock, topics)
    sock.settimeout(stall)
    return sock
