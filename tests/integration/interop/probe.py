"""Sends packets into the first participant of a chain and receives what comes out of the last."""

from __future__ import annotations

import json
import queue
import time
from typing import Any

from paho.mqtt.client import CallbackAPIVersion, Client


class Probe:
    """An MQTT client of the test's own; a context manager."""

    def __init__(self, port: int, source: str, target: str) -> None:
        self._source = source
        self._received: queue.Queue[bytes] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, userdata, message: self._received.put(message.payload)
        self._client.on_connect = lambda client, *rest: client.subscribe(target)
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Probe:
        self._client.loop_start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, value: Any) -> None:
        """Send one value as JSON."""
        self._client.publish(self._source, json.dumps(value))

    def receive(self, timeout: float = 30) -> Any:
        """The next value; queue.Empty when none comes in time."""
        return json.loads(self._received.get(timeout=timeout))

    def wait_until_joined(self, timeout: float = 40) -> None:
        """Send until something comes through, then let through all that is still under way."""
        deadline = time.monotonic() + timeout
        while True:
            self.send("are you there?")
            try:
                self.receive(0.3)
                break
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"nothing came through within {timeout:.0f} s") from None
        self.send("that was the last")
        while self.receive() != "that was the last":
            pass
