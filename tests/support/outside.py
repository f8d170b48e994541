"""Programs under test, and a client outside of them."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as paho
import pytest

from brokers import Broker
from interpreters import Interpreter

SECONDS = 30
RECONNECT_S: Any = 0.1  # paho says that it wants an int, and takes any number


class Outside:
    """Subscribed to some topics before the program under test starts, and after restarts of the broker.

    A context manager.
    """

    def __init__(self, broker: Broker, *topics: str) -> None:
        self._arrived: dict[str, queue.Queue[bytes]] = {}
        self._subscribed: queue.Queue[None] = queue.Queue()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="outside")
        self._client.on_message = lambda client, userdata, message: self._on(message.topic).put(message.payload)
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        self._client.on_subscribe = lambda *_: self._subscribed.put(None)
        self._client.reconnect_delay_set(RECONNECT_S, RECONNECT_S)
        self._client.connect("127.0.0.1", broker.port)

    def _on(self, topic: str) -> queue.Queue[bytes]:
        return self._arrived.setdefault(topic, queue.Queue())  # at once, for two threads that ask

    def __enter__(self) -> Outside:
        self._client.loop_start()
        self._subscribed.get(timeout=SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: str | bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish a packet."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def next(self, topic: str, seconds: float = SECONDS) -> bytes:
        """Wait for the next packet on a topic; raises queue.Empty."""
        return self._on(topic).get(timeout=seconds)

    def drained(self, topic: str) -> list[bytes]:
        """What has arrived on a topic and was not taken yet."""
        arrived = self._on(topic)
        return [arrived.get() for _ in range(arrived.qsize())]

    @property
    def topics(self) -> set[str]:
        """The topics on which something has arrived."""
        return set(self._arrived)

    def reconnected(self) -> None:
        """Wait until it is subscribed again, after a restart of the broker, and forget what arrived before."""
        self._subscribed.get(timeout=SECONDS)
        self._arrived.clear()

    def until(self, topic: str, payload: bytes) -> None:
        """Wait for a packet on a topic, passing over others."""
        while self.next(topic) != payload:
            pass


@contextmanager
def program(
    interpreter: Interpreter, path: Path, *arguments: str, broker: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a program, with a broker's URL in its environment; it is killed at the end if it still runs."""
    if interpreter.missing:
        pytest.skip(interpreter.missing)
    process = subprocess.Popen(
        [*interpreter.command, path, *arguments],
        env={**interpreter.environment, "MSGFLO_BROKER": broker or "mqtt://127.0.0.1:1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            print(process.stdout.read())  # shown by pytest where the test fails
            process.stdout.close()
