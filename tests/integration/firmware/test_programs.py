"""Payloads of all sizes through whole programs on each interpreter, MicroPython with a heap of 100 KB."""

from __future__ import annotations

from pathlib import Path

from brokers import Broker
from interpreters import EVERY, Interpreter, on_each
from outside import Outside, program

PROGRAMS = Path(__file__).parent / "programs"
DATA = bytes(range(256)) * 65

each_interpreter = on_each(EVERY)


def expect_back(outside: Outside, name: str, payload: bytes) -> None:
    """Send a payload to the topic `<name>/in` and wait until it comes back on `<name>/out`."""
    outside.send(f"{name}/in", payload)
    assert outside.next(f"{name}/out") == payload


@each_interpreter
def test_payloads_and_packets_of_all_sizes_come_back_unchanged(broker: Broker, interpreter: Interpreter) -> None:
    name = "mírror 😀"
    with Outside(broker, f"{name}/out", "mirror") as outside, program(interpreter, PROGRAMS / "mirror.py", broker.url):
        outside.until("mirror", b"online")
        expect_back(outside, name, "é 😀".encode())
        for size in (0, 1, 127, 128, 16_383, 16_384):
            expect_back(outside, name, DATA[:size])
        header = 4 + len(f"{name}/in".encode())  # so that the packet as a whole is of that size
        for size in (127, 128, 16_383, 16_384):
            expect_back(outside, name, DATA[: size - header])


@each_interpreter
def test_a_participant_sends_back_what_it_gets(broker: Broker, interpreter: Interpreter) -> None:
    name = "écho 😀"
    status = f"fbp/connection/{name}"
    with Outside(broker, f"{name}/out", status) as outside, program(interpreter, PROGRAMS / "echo.py", broker.url):
        outside.until(status, b"online")
        for size in (1, 127, 128, 4_000):  # a session leaves less room than a mere transport
            expect_back(outside, name, DATA[:size])
        expect_back(outside, name, "é 😀".encode())
