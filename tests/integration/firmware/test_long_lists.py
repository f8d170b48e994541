"""Binding lists that are longer than memory allows: the participant lives on without them."""

from __future__ import annotations

import json
import queue
import subprocess
from pathlib import Path

from brokers import Broker
from interpreters import CPYTHON, EVERY, MICROPYTHONS, Interpreter, on_each
from outside import Outside, program

PROGRAM = Path(__file__).parent / "programs" / "meter.py"
LIST = "fbp/bind/meter"
STATUS = "fbp/connection/meter"
LONG = json.dumps({"in": [f"some/source/of/packets/{i}" for i in range(130)]})
LEFT_OUT = "bindings of meter: no memory for {} sources; left out"


def expect_back(outside: Outside, topic: str, payload: str) -> None:
    """Send a packet until it comes back: a list may not be applied yet, the program not be connected again."""
    for _ in range(120):
        outside.send(topic, payload)
        try:
            while outside.next("meter/out", 0.25) != payload.encode():
                pass  # one from before
            return
        except queue.Empty:
            pass
    raise AssertionError(f"what was sent to {topic} has not come back")


def printed(process: subprocess.Popen[str]) -> list[str]:
    """What a program has printed, which is ended first."""
    process.kill()
    assert process.stdout is not None
    return process.stdout.read().splitlines()


def restarted(broker: Broker, outside: Outside) -> None:
    broker.restart()
    outside.reconnected()


@on_each(MICROPYTHONS)
def test_a_list_that_memory_is_too_short_for_is_left_out(broker: Broker, interpreter: Interpreter) -> None:
    with (
        Outside(broker, "meter/out", "meter/free", STATUS) as outside,
        program(interpreter, PROGRAM, broker.url) as process,
    ):
        outside.until(STATUS, b"online")
        outside.send(LIST, LONG, retain=True)
        expect_back(outside, "meter/in", "1")
        assert int(outside.next("meter/free")) > 8_000
        restarted(broker, outside)  # the list comes again, and is left out without a word
        expect_back(outside, "meter/in", "2")
        outside.send(LIST, json.dumps({"in": ["short"]}), retain=True)
        expect_back(outside, "short", "4")
        restarted(broker, outside)
        expect_back(outside, "short", "5")
        lines = printed(process)
    assert lines.count(LEFT_OUT.format(130)) == 1
    others = [
        line for line in lines if not line.startswith(("lost the connection to ", "connected to ", "bindings of "))
    ]
    assert [line for line in others if "; trying again" not in line] == []


@on_each(EVERY)
def test_a_list_that_memory_has_space_for_is_active(broker: Broker, interpreter: Interpreter) -> None:
    count = 1000 if interpreter is CPYTHON else 20
    with Outside(broker, "meter/out", STATUS) as outside, program(interpreter, PROGRAM, broker.url):
        outside.until(STATUS, b"online")
        outside.send(LIST, json.dumps({"in": [f"some/source/{i}" for i in range(count)]}), retain=True)
        expect_back(outside, f"some/source/{count - 1}", "1")
        restarted(broker, outside)
        expect_back(outside, f"some/source/{count - 1}", "2")
