"""The few MQTT 3.1.1 frames that a load generator needs: prebuilt, so that generating costs next to nothing."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ("connect", "publish_frame", "sending", "subscribe")


def connect(port: int, client_id: str) -> socket.socket:
    """A blocking socket with an accepted MQTT connection (clean session, no keep-alive) to a broker on loopback."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(_frame(0x10, _text("MQTT") + bytes((4, 2, 0, 0)) + _text(client_id)))
    answer = _exactly(sock, 4)
    if answer[:2] != b"\x20\x02" or answer[3]:
        raise ConnectionError(f"the broker on port {port} refused {client_id!r}: {answer!r}")
    return sock


def subscribe(sock: socket.socket, topics: list[str]) -> None:
    """Subscribe with QoS 0 and wait for the acknowledgement; nothing may have been published to these topics before."""
    body = b"\0\1" + b"".join(_text(topic) + b"\0" for topic in topics)
    sock.sendall(_frame(0x82, body))
    header = _exactly(sock, 2)
    size = header[1]
    if size & 0x80:
        size = size & 0x7F | _exactly(sock, 1)[0] << 7
    if header[0] != 0x90 or 0x80 in _exactly(sock, size)[2:]:
        raise ConnectionError(f"the broker refused to subscribe {topics[0]!r} …")


def publish_frame(topic: str, payload: bytes, *, retain: bool = False) -> bytes:
    """One PUBLISH with QoS 0."""
    return _frame(0x31 if retain else 0x30, _text(topic) + payload)


@contextmanager
def sending(sock: socket.socket, frame: Callable[[int], bytes], rate: float) -> Iterator[None]:
    """Send the frames that `frame` makes of 0, 1, …, so many a second, until the block ends."""
    ended = threading.Event()

    def send() -> None:
        due = time.monotonic()
        for number in itertools.count():
            if ended.wait(max(0.0, due - time.monotonic())):
                return
            sock.sendall(frame(number))
            due += 1 / rate

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _frame(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while size > 127:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((kind, *length)) + body


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionError("the broker closed the connection")
        data += part
    return data
