"""Who listens at a broker, and waits for packets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Broker

PATIENCE_S = 30.0


class Ear:
    """Hears all packets, and waits for them; `tls` is the certificate of the broker's authority, where it has one."""

    def __init__(self, broker: Broker, *, tls: Path | None = None) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self.heard.append(
            (message.topic, _value(message.payload))
        )
        if tls is not None:
            self._client.tls_set(str(tls))
        self._client.connect("localhost" if tls else "127.0.0.1", broker.port)
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.loop_start()

    def say(self, topic: str, value: Any, *, retain: bool = False) -> None:
        self._client.publish(topic, json.dumps(value), qos=1, retain=retain)

    def wait_for(self, topic: str, accept: Callable[[Any], Any] = lambda value: True, *, since: int = 0) -> Any:
        """Return the first value on a topic that is accepted; `since` leaves out what was heard before."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for name, value in self.heard[since:]:
                if name == topic and accept(value):
                    return value
            values = [value for name, value in self.heard[since:] if name == topic]
            assert time.monotonic() < deadline, f"{topic}: only {values[-5:]}"
            time.sleep(0.02)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _value(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
