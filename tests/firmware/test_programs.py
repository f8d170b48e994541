"""Whole programs on each interpreter, MicroPython with a heap of 100 KB, observed from outside."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator
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
        # Its session survives a restart of the broker, so that nothing is missed meanwhile.
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="outside", clean_session=False)
        self.client.on_connect = self._connected
        self.client.on_message = lambda client, userdata, message: self.arrived.put(message)
        self.topics = topics
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def _connected(self, client: paho.Client, userdata: object, flags: paho.ConnectFlags, *_: object) -> None:
        if not flags.session_present:
            client.subscribe([(topic, 1) for topic in self.topics])

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
def running(interpreter: Interpreter, program: str, *arguments: str) -> Iterator[list[str]]:
    """Run a program and give the lines that it prints; it must still be running at the end, without exceptions."""
    if interpreter.missing:
        pytest.skip(interpreter.missing)
    process = interpreter.start(PROGRAMS / program, *arguments)
    printed: list[str] = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout or ()))
    reader.start()
    try:
        yield printed
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        reader.join()
        print("".join(printed))
    assert not [line for line in printed if "Traceback" in line or "exception" in line]


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


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


def room_through_restarts(broker: Broker, interpreter: Interpreter, restarts: int) -> None:
    counts: dict[str, list[int]] = {f"s{i}/count": [] for i in range(4)}
    outside = Outside(broker, *counts)

    def note(client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        series, count = counts[message.topic], int(message.payload)
        if not (message.dup and count in series):  # the broker repeats what we had not confirmed when it was stopped
            series.append(count)

    outside.client.on_message = note

    def last() -> list[int]:
        return [series[-1] if series else 0 for series in counts.values()]

    def wait_for_more(than: list[int]) -> None:
        until(lambda: all(now > before for now, before in zip(last(), than, strict=True)))

    with running(interpreter, "room.py", broker.url) as printed:

        def free() -> int:
            seen = len(printed)
            until(lambda: any(line.startswith("free") for line in printed[seen:]))
            return int(next(line for line in printed[seen:] if line.startswith("free")).split()[1])

        wait_for_more([20] * 4)
        before = free()
        for _ in range(restarts):
            broker.restart()
            wait_for_more([count + 5 for count in last()])
        wait_for_more([count + 20 for count in last()])
        after = free()
        line = printed[-1].split()
        assert line[-2:] == ["back", "0"]
        assert min(int(seen) for seen in line[3:7]) > max(last()) - 20  # the neighbours see them too
    outside.close()
    assert after > before - 2048
    for series in counts.values():
        steps = list(itertools.pairwise(series))
        assert [step for step in steps if step[1] < step[0]] == []
        # While there was no broker only the latest count was kept; with one, none is missing.
        assert len([now for before, now in steps if now > before + 1]) <= restarts


@each_interpreter
def test_restarts_of_the_broker_cost_no_memory_and_no_state(broker: Broker, interpreter: Interpreter) -> None:
    room_through_restarts(broker, interpreter, 3)


@pytest.mark.soak
@pytest.mark.timeout(300)
@each_interpreter
def test_twenty_restarts_of_the_broker_cost_no_memory_and_no_state(broker: Broker, interpreter: Interpreter) -> None:
    room_through_restarts(broker, interpreter, 20)
