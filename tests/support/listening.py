"""Who listens at a broker, and waits for packets."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Broker

PATIENCE_S = 30.0


class Ear:
    """Hears all packets, and waits for them; `tls` is the certificate of the broker's authority, where it has one."""

    def __init__(self, broker: Broker, *, tls: Path | None = None, patience: float = PATIENCE_S) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._patience = patience
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self.heard.append(
            (message.topic, _value(message.payload))
        )
        if tls is not None:
            self._client.tls_set(str(tls))
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("localhost" if tls else "127.0.0.1", broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S), "the broker did not answer the subscription"

    def say(self, topic: str, value: Any, *, retain: bool = False) -> None:
        self._client.publish(topic, json.dumps(value), qos=1, retain=retain)

    def wait_for(self, topic: str, accept: Callable[[Any], Any] = lambda value: True, *, since: int = 0) -> Any:
        """Return the first value on a topic that is accepted; `since` leaves out what was heard before."""
        deadline = time.monotonic() + self._patience
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


def retained(broker: Broker, *filters: str) -> dict[str, str]:
    """What the broker keeps on these topics, which are not those of `retained` itself."""
    found: dict[str, str] = {}
    ended = threading.Event()
    marker = f"retained/{uuid.uuid4().hex}"  # retained messages come before what is published after the subscription

    def message(client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == marker:
            ended.set()
        elif message.retain:
            found[message.topic] = message.payload.decode(errors="replace")

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = message
    client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in (*filters, marker)])
    client.on_subscribe = lambda *_: client.publish(marker, "", 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert ended.wait(PATIENCE_S), "the broker did not answer"
    finally:
        client.disconnect()
        client.loop_stop()
    return found


def _value(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
