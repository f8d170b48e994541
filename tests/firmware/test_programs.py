"""Whole programs on each interpreter, MicroPython with a heap of 100 KB, observed from outside."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from brokers import Broker
from interpreters import EVERY, Interpreter

PROGRAMS = Path(__file__).parent / "programs"
DATA = bytes(range(256)) * 65

each_interpreter = pytest.mark.parametrize("interpreter", EVERY, ids=lambda interpreter: interpreter.name)


class Outside:
    """A client outside of the interpreter under test."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        self.arrived: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="outside")
        self.client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        self.client.on_message = lambda client, userdata, message: self.arrived.put(message)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def until(self, topic: str, payload: bytes) -> None:
        """Wait for a packet, passing over others."""
        while True:
            message = self.arrived.get(timeout=10)
            if (message.topic, message.payload) == (topic, payload):
                return

    def expect_back(self, name: str, payload: bytes) -> None:
        """Send a payload to the topic `<name>/in` and wait until it comes back on `<name>/out`."""
        self.client.publish(f"{name}/in", payload, qos=1)
        self.until(f"{name}/out", payload)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def running(interpreter: Interpreter, program: str, *arguments: str) -> Iterator[None]:
    """Run a program; it must still be running at the end."""
    if interpreter.missing:
        pytest.skip(interpreter.missing)
    process = interpreter.start(PROGRAMS / program, *arguments)
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        printed = process.communicate()[0]
        print(printed)
    assert "Traceback" not in printed


@each_interpreter
def test_payloads_and_packets_of_all_sizes_come_back_unchanged(broker: Broker, interpreter: Interpreter) -> None:
    name = "mírror 😀"
    outside = Outside(broker, f"{name}/out", "mirror")
    with running(interpreter, "mirror.py", broker.url):
        outside.until("mirror", b"online")
        outside.expect_back(name, "é 😀".encode())
        for size in (0, 1, 127, 128, 16_383, 16_384):
            outside.expect_back(name, DATA[:size])
        header = 4 + len(f"{name}/in".encode())  # so that the packet as a whole is of that size
        for size in (127, 128, 16_383, 16_384):
            outside.expect_back(name, DATA[: size - header])
    outside.close()


@each_interpreter
def test_a_participant_sends_back_what_it_gets(broker: Broker, interpreter: Interpreter) -> None:
    name = "écho 😀"
    outside = Outside(broker, f"{name}/out", "fbp/connection/+")
    with running(interpreter, "echo.py", broker.url):
        outside.until(f"fbp/connection/{name}", b"online")
        for size in (1, 127, 128, 4_000):  # a session leaves less room than a mere transport
            outside.expect_back(name, DATA[:size])
        outside.expect_back(name, "é 😀".encode())
    outside.close()
